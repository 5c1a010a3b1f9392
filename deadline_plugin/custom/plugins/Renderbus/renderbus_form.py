"""What the submission dialog asks for: tabs, rows and fields, as data.

Standard library only, Python 3.7 and up.
"""

from typing import NamedTuple

from renderbus_submit import OPTIONS, PLUGINS, WHEN


class Field(NamedTuple):
    """A field of the form.

    Args:
        name: unique.
        control: its kind.
        label: beside it.
        value: that it has first.
        tip: what it means.
        more: the choices of a combo, the filter of a browser, the text of a check box.
    """

    name: str
    control: str
    label: str
    value: object
    tip: str
    more: object = None


SCENES = "Scenes (*.ma *.mb *.blend);;All Files (*)"
AS_ALL_JOBS = "As all jobs"
NO_PRESET = "None"


def _text(name, label, tip, value=""):
    return Field(name, "TextControl", label, value, tip)


def _combo(name, label, tip, choices):
    return Field(name, "ComboControl", label, choices[0], tip, tuple(choices))


def _button(name, label, tip):
    return Field(name, "ButtonControl", "", label, tip)


def _check(name, text, tip):
    return Field(name, "CheckBoxControl", "", False, tip, text)


def _folder(name, label, tip):
    return Field(name, "FolderBrowserControl", label, "", tip, "")


MACHINE = ("HardwareModel", "HardwareRam", "HardwareGpus")
"""The fields that a choice of a machine fills in."""


def tabs(tip):
    """Return the tabs of the dialog: each a title and rows of fields.

    Args:
        tip: says what an option means.
    """

    def option(name, label):
        return _text(name, label, tip(OPTIONS[name]))

    def choice(name, label, choices):
        return _combo(name, label, tip(OPTIONS[name]), choices)

    stop = tip(OPTIONS["StopAfterTest"])
    return (
        (
            "Scene",
            (
                (_combo("Plugin", "Program", "Who renders it here", PLUGINS),),
                (Field("Scene", "FileBrowserControl", "Scene", "", "As workers see it", SCENES),),
                (
                    _text("Version", "Version", "Of the program, for example 2024"),
                    _text("Renderer", "Renderer", "Of Maya; File: the scene's own", "File"),
                ),
                (
                    _text("Layer", "Render Layer", "Of a Maya job; empty for all"),
                    _text("Camera", "Camera", "Of a Maya job; empty for those of the scene"),
                ),
                (_folder("ProjectPath", "Project Folder", "Of a Maya job"),),
                (
                    _text("Frames", "Frames", "For example 1-100, 1-100x5 or 1,5,9", "1-100"),
                    _text("ChunkSize", "Frames Per Task", "Whole tasks go to the cloud", "1"),
                ),
                (_folder("OutputFolder", "Output Folder", "Where pictures lie"),),
                (_text("OutputFile", "Output File", "For example shot.####.exr"),),
            ),
        ),
        (
            "Job",
            (
                (_text("Name", "Job Name", "Shown in the Monitor"),),
                (_text("Comment", "Comment", "For people"),),
                (_text("Department", "Department", "For people, and for the policy"),),
                (
                    Field("Pool", "PoolComboControl", "Pool", "none", "Of workers"),
                    Field(
                        "SecondaryPool",
                        "SecondaryPoolComboControl",
                        "Second Pool",
                        "",
                        "Of workers",
                    ),
                ),
                (
                    Field("Group", "GroupComboControl", "Group", "none", "Of workers"),
                    _text("Priority", "Priority", "Higher is sooner", "50"),
                ),
                (Field("Limits", "LimitGroupControl", "Limits", "", "Licences and such"),),
            ),
        ),
        (
            "Cloud",
            (
                (
                    _combo("Preset", "Preset", "Fills in what is below", (NO_PRESET,)),
                    _button("DeletePreset", "Delete", "Forget the chosen preset"),
                ),
                (
                    _text("PresetName", "Keep As", "Name under which what is below is kept"),
                    _button("SavePreset", "Keep", "Keep what is below as a preset of yours"),
                ),
                (
                    _combo(
                        "Machine",
                        "Machine",
                        "Fills in the three below; Check tells which there are",
                        (AS_ALL_JOBS,),
                    ),
                ),
                (option("HardwareModel", "Model"), option("HardwareRam", "Memory (GB)")),
                (option("HardwareGpus", "Graphics Cards"), option("Platform", "Platform")),
                (
                    option("MachineLimit", "Machines At Most"),
                    option("FramesPerMachine", "Frames In A Row"),
                ),
                (
                    option("PriorityFrames", "Render First"),
                    Field(
                        "StopAfterTest",
                        "CheckBoxControl",
                        "",
                        False,
                        stop,
                        "Then wait for approval",
                    ),
                ),
                (option("Tiles", "Tiles"), choice("TilesType", "Cut Into", ("block", "strip"))),
                (
                    option("FrameLimit", "Frame Limit (min)"),
                    option("TaskLimit", "Burst Limit (min)"),
                ),
            ),
        ),
        (
            "When",
            (
                (_combo("When", "Go To The Cloud", "Now costs money at once", WHEN),),
                (_text("Project", "Budget", "Project whose budget it takes from"),),
                (_text("Deadline", "Done By", "For example 2026-11-30T09:00+01:00"),),
                (
                    _text(
                        "FrameSeconds",
                        "Seconds Per Frame",
                        "What a frame takes here, for the cost that Check tells; not submitted",
                    ),
                ),
            ),
        ),
        (
            "Notifications",
            (
                (_text("NotifyUsers", "Tell Users", "Names with commas: when the job is done"),),
                (_text("NotifyMails", "Send Mail To", "Addresses with commas, likewise"),),
                (_text("NotifyNote", "Note", "Comes with what is told"),),
                (option("RemindAfter", "Remind After (min)"),),
            ),
        ),
    )


def fields(all_tabs):
    """Return the fields that hold something, in their order."""
    every = (field for _, rows in all_tabs for row in rows for field in row)
    return [field for field in every if field.control != "ButtonControl"]
