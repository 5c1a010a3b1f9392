"""Submission dialog of QubeUI for jobs that the Renderbus cloud renders, and nobody else.

QubeUI runs this file by itself, with functions of its own at hand. Standard library only, Python
3.6 and up.
"""

from renderbus_submit import JOB_TYPE, OUTPUTS_KEY, SETTINGS, foretell

# People may have chosen another group of gateway workers.
_CHOSEN = ("groups",)


def on_post_dialog(*given):
    """Set what a job for the cloud needs; QubeUI calls this before it submits the job.

    What it is called with no document says: the job is looked for among it. Where it is not there,
    the job is as people filled in the page Qube Basics, which renders as well.
    """
    for job in given:
        if not hasattr(job, "__setitem__") or not hasattr(job, "get"):
            continue
        if job.get("prototype") == JOB_TYPE:
            for name, value in SETTINGS.items():
                if name not in _CHOSEN or not job.get(name):
                    job[name] = value
            foretell(job)


add_submission_type(
    "Renderbus",
    short_name="Renderbus",
    type=JOB_TYPE,
    has_range=True,
    can_batch=True,
    can_pad_frames=False,
    thread_control="",
    prototype=JOB_TYPE,
    group="Renderbus",
    post_dialog=on_post_dialog,
)

add_page("Scene")
add_field(
    "Program",
    type="combo",
    items=["maya", "blender"],
    default="maya",
    required=True,
    destination="package.program",
)
add_field(
    "Scene",
    type="filename",
    required=True,
    destination="package.scenefile",
    # The job type maps paths itself, on the gateway.
    suppress_path_conversion=True,
)
add_field("Version", type="string", destination="package.version")
add_field("Renderer", type="string", destination="package.renderer")
add_field("Camera", type="string", destination="package.camera")
add_field("Layer", type="string", destination="package.layer")

add_page("Pictures")
add_field(
    "Outputs",
    type="text",
    required=True,
    default="/show/renders/<Picture>",
    destination="package." + OUTPUTS_KEY,
)

add_page("Cloud")
add_field("Budget of the project", type="string", destination="package.renderbus_project")
add_field("Done by", type="string", destination="package.renderbus_deadline")
