"""What a gateway job is: one long task on a gateway worker, in which the core runs.

Standard library only, Python 3.7 and up.
"""

PLUGIN = "Renderbus"

ROLE, GATEWAY, CLOUD_ONLY = "Role", "gateway", "cloud"
"""Key of the plug-in's job settings that says what a job of the plug-in is, and its values."""
NATIVE_PLUGIN = "NativePlugin"
"""Key that names the plug-in which would render a job that is for the cloud only."""

PATIENT = {
    "OverrideJobFailureDetection": "True",
    "FailureDetectionJobErrors": "0",
    "OverrideTaskFailureDetection": "True",
    "FailureDetectionTaskErrors": "0",
    "IgnoreBadJobDetection": "True",
    "SendJobErrorWarning": "False",
}
"""Settings of a job whose errors are nobody's fault and no reason to give up."""

SETTINGS = {
    **PATIENT,
    "Name": "Renderbus gateway",
    "Comment": "Carries what is in the Renderbus cloud. Suspend it to detach; nothing is recalled.",
    "Frames": "0",
    # One at a time; a second one would only wait for the first.
    "MachineLimit": "1",
    "ConcurrentTasks": "1",
    # It lasts for weeks, and a worker that finds nothing better must not take its place.
    "TaskTimeoutSeconds": "0",
    "EnableAutoTimeout": "False",
    "MinRenderTimeSeconds": "0",
    "Interruptible": "False",
    # Its own life is no event for other plug-ins, and nobody's mail.
    "SuppressEvents": "True",
    "NotificationTargets": "",
    "ClearNotificationTargets": "True",
    "OnJobComplete": "Nothing",
}
"""How a gateway job is submitted, as keys of a job info file."""


def job_info(pool="", group="", limits="", priority=""):
    """Return the job info of a gateway job.

    Args:
        pool: of gateway workers; "" for none.
        group: as pool.
        limits: names of limits, with commas.
        priority: a number as text; "" for Deadline's default.
    """
    chosen = {"Pool": pool, "Group": group, "LimitGroups": limits, "Priority": priority}
    info = dict(SETTINGS, Plugin=PLUGIN)
    info.update((key, value) for key, value in chosen.items() if value)
    return info


def plugin_info():
    """Return the plug-in info of a gateway job."""
    return {ROLE: GATEWAY}


def lines(info):
    """Return an info file as text; a value of several lines would be several keys."""
    return "".join(
        "{}={}\n".format(key, " ".join(str(value).splitlines())) for key, value in info.items()
    )
