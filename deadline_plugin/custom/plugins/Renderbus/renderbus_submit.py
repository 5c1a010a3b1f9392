"""From what somebody filled in to a job of Deadline; pure.

Standard library only, Python 3.7 and up. The job is the program's own, so that workers can render
it whenever it comes back; what it wants of the cloud stands in its extra info.
"""

import re

from renderbus_gateway import CLOUD_ONLY, NATIVE_PLUGIN, PATIENT, PLUGIN, ROLE
from renderbus_options import KEY_PREFIX

NOW, OVERFLOW, CLOUD, NEVER = "Now", "On overflow", "Cloud only", "Never"
WHEN = (OVERFLOW, NOW, CLOUD, NEVER)
"""When a job may go to the cloud, as people choose it."""

PLUGINS = ("MayaBatch", "MayaCmd", "Blender")
"""Plug-ins whose jobs the bridge can send."""

# What of the form becomes which key of the job's info; what is empty is left to Deadline.
_JOB_KEYS = {
    "Name": "Name",
    "Comment": "Comment",
    "Department": "Department",
    "Pool": "Pool",
    "SecondaryPool": "SecondaryPool",
    "Group": "Group",
    "Priority": "Priority",
    "Frames": "Frames",
    "ChunkSize": "ChunkSize",
    "Limits": "LimitGroups",
    "OutputFolder": "OutputDirectory0",
    "OutputFile": "OutputFilename0",
    "NotifyUsers": "NotificationTargets",
    "NotifyMails": "NotificationEmails",
    "NotifyNote": "NotificationNote",
}
# The same for the info of each plug-in.
_MAYA_KEYS = {
    "Scene": "SceneFile",
    "Version": "Version",
    "Renderer": "Renderer",
    "Camera": "Camera",
    "ProjectPath": "ProjectPath",
    "Layer": "RenderLayer",
}
_PLUGIN_KEYS = {
    "MayaBatch": _MAYA_KEYS,
    "MayaCmd": _MAYA_KEYS,
    "Blender": {"Scene": "SceneFile"},
}
OPTIONS = {
    "Platform": "platform",
    "HardwareModel": "hardware_model",
    "HardwareRam": "hardware_ram",
    "HardwareGpus": "hardware_gpus",
    "MachineLimit": "machine_limit",
    "PriorityFrames": "priority_frames",
    "StopAfterTest": "stop_after_test",
    "FramesPerMachine": "frames_per_machine",
    "Tiles": "tiles",
    "TilesType": "tiles_type",
    "FrameLimit": "frame_limit_minutes",
    "TaskLimit": "task_limit_minutes",
    "RemindAfter": "remind_minutes",
}
"""Option of the cloud by the field of the form that asks for it."""

# What Deadline shows of a job for each key of its info that the dialog sets.
_SHOWN = {
    "Plugin": "JobPlugin",
    "Name": "JobName",
    "Comment": "JobComment",
    "Department": "JobDepartment",
    "Pool": "JobPool",
    "SecondaryPool": "JobSecondaryPool",
    "Group": "JobGroup",
    "Priority": "JobPriority",
    "ChunkSize": "JobFramesPerTask",
    "LimitGroups": "JobLimitGroups",
    "MachineLimit": "JobMachineLimit",
    "OutputDirectory0": "JobOutputDirectories",
    "OutputFilename0": "JobOutputFileNames",
    "NotificationTargets": "JobNotificationTargets",
    "NotificationEmails": "JobNotificationEmails",
    "NotificationNote": "JobNotificationNote",
    "OverrideJobFailureDetection": "JobOverrideJobFailureDetection",
    "FailureDetectionJobErrors": "JobFailureDetectionJobErrors",
    "OverrideTaskFailureDetection": "JobOverrideTaskFailureDetection",
    "FailureDetectionTaskErrors": "JobFailureDetectionTaskErrors",
    "IgnoreBadJobDetection": "JobIgnoreBadSlaveDetection",
    "SendJobErrorWarning": "JobSendJobErrorWarning",
}
_EXTRA = "ExtraInfoKeyValue"
_TRUE = ("true", "yes", "1")
_WISHES = {
    OVERFLOW: {"renderbus": "allowed", "renderbus_when": "overflow"},
    NOW: {"renderbus": "allowed", "renderbus_when": "now"},
    CLOUD: {"renderbus": "allowed", "renderbus_when": "now"},
    NEVER: {"renderbus": "refused"},
}
_PADDING = re.compile(r"[._]?[#?]")
# With its zone, so that it means the same on every host: 2026-11-30T09:00+01:00.
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)$")


def problems(form, is_frame_range):
    """Return everything that is wrong with a form, in sentences.

    Args:
        form: what was filled in, texts by name.
        is_frame_range: tells whether Deadline understands a frame list.
    """
    needed = ("Name", "Scene", "Frames")
    found = ["The job has no {}.".format(n.lower()) for n in needed if not form[n].strip()]
    if form["Frames"].strip() and not is_frame_range(form["Frames"]):
        found.append("Deadline does not understand the frames '{}'.".format(form["Frames"]))
    if not form["OutputFolder"].strip() or not form["OutputFile"].strip():
        found.append(
            "The job declares no outputs: name the folder and the file, so that pictures of the "
            "cloud have a place."
        )
    elif not set(form["OutputFile"]) & {"#", "?"}:
        found.append("The output file has no # for the digits of the frame: shot.####.exr")
    if form["Plugin"] != "Blender" and not form["Version"].strip():
        found.append("A Maya job needs the version of Maya, for example 2024.")
    if form["FrameSeconds"].strip() and not _is_above_zero(form["FrameSeconds"]):
        found.append("The seconds per frame are no number above 0.")
    if form["Deadline"].strip() and not _MOMENT.match(form["Deadline"].strip()):
        found.append("Write the deadline with its zone, for example 2026-11-30T09:00+01:00.")
    long = [name for name, text in form.items() if len(text.splitlines()) > 1]
    found += ["{} has more than one line.".format(name) for name in long]
    return found


def job_files(form):
    """Return the job info and the plug-in info of a form.

    Args:
        form: without problems.
    """
    native, when = form["Plugin"], form["When"]
    info = {"Plugin": native}
    for name, key in _JOB_KEYS.items():
        if form[name].strip():
            info[key] = form[name].strip()
    plugin_info = {
        key: form[name].strip() for name, key in _PLUGIN_KEYS[native].items() if form[name].strip()
    }
    folder, file = form["OutputFolder"].strip(), form["OutputFile"].strip()
    if native == "Blender":
        plugin_info["OutputFile"] = folder.rstrip("/\\") + "/" + file
    else:
        # Maya puts the frame and the ending behind the prefix itself.
        plugin_info["OutputFilePath"] = folder
        plugin_info["OutputFilePrefix"] = _PADDING.split(file)[0]
    if plugin_info.get("RenderLayer"):
        plugin_info["UsingRenderLayers"] = "1"
    if when == CLOUD:
        # Workers that take a task before it is held say that they cannot render it, one at a time.
        info.update(PATIENT, Plugin=PLUGIN, MachineLimit="1")
        plugin_info.update({ROLE: CLOUD_ONLY, NATIVE_PLUGIN: native})
    for number, (key, value) in enumerate(sorted(wishes(form).items())):
        info[_EXTRA + str(number)] = "{}={}".format(key, value)
    return info, plugin_info


def wishes(form):
    """Return what the job's extra info says of the cloud, by key."""
    found = dict(_WISHES[form["When"]])
    if form["Project"].strip():
        found["project"] = form["Project"].strip()
    if form["Deadline"].strip():
        found["renderbus_deadline"] = form["Deadline"].strip()
    said = options(form).items()
    found.update({KEY_PREFIX + name: text for name, text in said if text})
    return found


def options(form):
    """Return what a form wants of the cloud, texts by the name of the option; "" for nothing."""
    found = {name: form[field].strip() for field, name in OPTIONS.items()}
    found["stop_after_test"] = "true" if found["stop_after_test"] == "True" else ""
    if not found["tiles"]:
        # The choice has no empty entry.
        found["tiles_type"] = ""
    return found


def fields_of(texts):
    """Return the values of fields for some options, by the name of the field; the way back.

    Args:
        texts: by the name of the option; what is absent is emptied.
    """
    found = {field: texts.get(name, "") for field, name in OPTIONS.items()}
    found["StopAfterTest"] = found["StopAfterTest"].lower() in _TRUE
    found["TilesType"] = found["TilesType"] or "block"
    return found


def differences(form, job, frames):
    """Return what Deadline took otherwise than it was filled in, in sentences.

    Args:
        form: that was submitted.
        job: of Deadline, as it is now.
        frames: that were asked for, as numbers.
    """
    info, plugin_info = job_files(form)
    found = []
    for key, wanted in info.items():
        if not key.startswith(_EXTRA) and key != "Frames":
            found += _otherwise(key, wanted, _text(getattr(job, _SHOWN[key])))
    extra = {str(key): job.GetJobExtraInfoKeyValue(key) for key in job.GetJobExtraInfoKeys()}
    for key, wanted in wishes(form).items():
        found += _otherwise(key, wanted, _text(extra.get(key, "")))
    native = {str(key): job.GetJobPluginInfoKeyValue(key) for key in job.GetJobPluginInfoKeys()}
    for key, wanted in plugin_info.items():
        found += _otherwise(key, wanted, _text(native.get(key, "")))
    if sorted(int(number) for number in job.JobFramesList) != sorted(frames):
        found.append("The frames are others than {}.".format(form["Frames"].strip()))
    return found


def _otherwise(key, wanted, taken):
    if _plain(wanted) == _plain(taken):
        return []
    return ["{} is '{}' instead of '{}'.".format(key, taken, wanted)]


def _text(value):
    """Return a value of Deadline as text: collections with commas."""
    is_many = not isinstance(value, str) and hasattr(value, "__iter__")
    return ",".join(str(each) for each in value) if is_many else str(value)


def _plain(text):
    """Return a text without what Deadline may write in another way: case, blanks, slashes."""
    parts = text.replace("\\", "/").split(",")
    return sorted(part.strip().rstrip("/").lower() for part in parts)


def _is_above_zero(text):
    try:
        return 0 < float(text) < float("inf")
    except ValueError:
        return False
