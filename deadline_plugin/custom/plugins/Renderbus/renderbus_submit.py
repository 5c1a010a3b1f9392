"""From what somebody filled in to a job of Deadline; pure.

Standard library only, Python 3.7 and up. The job is the program's own, so that workers can render
it whenever it comes back; what it wants of the cloud stands in its extra info.
"""

import re

from renderbus_gateway import CLOUD_ONLY, NATIVE_PLUGIN, PATIENT, PLUGIN, ROLE

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
        info["ExtraInfoKeyValue" + str(number)] = "{}={}".format(key, value)
    return info, plugin_info


def wishes(form):
    """Return what the job's extra info says of the cloud, by key."""
    found = dict(_WISHES[form["When"]])
    if form["Project"].strip():
        found["project"] = form["Project"].strip()
    if form["Deadline"].strip():
        found["renderbus_deadline"] = form["Deadline"].strip()
    return found


def differences(form, extra, frames, plugin):
    """Return what Deadline took otherwise than it was filled in, in sentences.

    Args:
        form: that was submitted.
        extra: the job's extra info by key, as Deadline has it now.
        frames: the job's frames as numbers.
        plugin: of the job.
    """
    info, _ = job_files(form)
    found = [
        "{} is '{}' instead of '{}'.".format(key, extra.get(key, ""), value)
        for key, value in wishes(form).items()
        if extra.get(key, "") != value
    ]
    if plugin != info["Plugin"]:
        found.append("The plug-in is '{}' instead of '{}'.".format(plugin, info["Plugin"]))
    if not frames:
        found.append("The job has no frames.")
    return found
