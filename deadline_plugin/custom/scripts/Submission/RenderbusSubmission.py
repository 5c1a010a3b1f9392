"""Submit a job that workers can render, and that may go to the Renderbus cloud."""

import re
import sys
import uuid
from pathlib import Path

from Deadline.Scripting import ClientUtils, FileUtils, FrameUtils, PathUtils, RepositoryUtils
from DeadlineUI.Controls.Scripting.DeadlineScriptDialog import DeadlineScriptDialog

sys.path.insert(0, str(RepositoryUtils.GetRepositoryPath("custom/plugins/Renderbus", True)))

from renderbus_gateway import lines
from renderbus_look import Look
from renderbus_submit import PLUGINS, WHEN, differences, job_files, problems

TITLE = "Submit To Renderbus"
SCENES = "Scenes (*.ma *.mb *.blend);;All Files (*)"
_NO_NAME = frozenset({"", "none"})

# Tab: rows of name, kind of control, label, value, what it means. Combos have their choices, and
# browsers their filter, as a sixth.
TABS = (
    (
        "Scene",
        (
            ("Plugin", "ComboControl", "Program", PLUGINS[0], "Who renders it here", PLUGINS),
            ("Scene", "FileBrowserControl", "Scene", "", "The scene, as workers see it", SCENES),
            ("Version", "TextControl", "Version", "", "Of the program, for example 2024"),
            ("Renderer", "TextControl", "Renderer", "File", "Of a Maya job; File: the scene's own"),
            ("Layer", "TextControl", "Render Layer", "", "Of a Maya job; empty for all"),
            ("Camera", "TextControl", "Camera", "", "Of a Maya job; empty for those of the scene"),
            ("ProjectPath", "FolderBrowserControl", "Project Folder", "", "Of a Maya job", ""),
            ("Frames", "TextControl", "Frames", "1-100", "For example 1-100, 1-100x5 or 1,5,9"),
            ("ChunkSize", "TextControl", "Frames Per Task", "1", "Whole tasks go to the cloud"),
            ("OutputFolder", "FolderBrowserControl", "Output Folder", "", "Where pictures lie", ""),
            ("OutputFile", "TextControl", "Output File", "", "For example shot.####.exr"),
        ),
    ),
    (
        "Job",
        (
            ("Name", "TextControl", "Job Name", "", "Shown in the Monitor"),
            ("Comment", "TextControl", "Comment", "", "For people"),
            ("Department", "TextControl", "Department", "", "For people, and for the policy"),
            ("Pool", "PoolComboControl", "Pool", "none", "Of workers"),
            ("SecondaryPool", "SecondaryPoolComboControl", "Secondary Pool", "", "Of workers"),
            ("Group", "GroupComboControl", "Group", "none", "Of workers"),
            ("Priority", "TextControl", "Priority", "50", "Higher is sooner"),
            ("Limits", "LimitGroupControl", "Limits", "", "Licences and the like"),
        ),
    ),
    (
        "Cloud",
        (
            ("When", "ComboControl", "Go To The Cloud", WHEN[0], "Now costs money at once", WHEN),
            ("Project", "TextControl", "Budget", "", "Project whose budget it takes from"),
            ("Deadline", "TextControl", "Done By", "", "For example 2026-11-30T09:00+01:00"),
        ),
    ),
)
NAMES = tuple(row[0] for _, rows in TABS for row in rows)
# What is new for each job is not remembered.
STICKY = tuple(name for name in NAMES if name not in ("Name", "Comment", "Deadline"))

CHECK_TIP = (
    "Look at scene, files and cost with the bridge on this machine; press again for the answer"
)
ON_GATEWAY = "Scene, files and cost are checked on the gateway before anything is sent."

_COMBOS = frozenset({"ComboControl"})
_BROWSERS = frozenset({"FileBrowserControl", "FolderBrowserControl"})


def __main__(*_args):
    """Show the dialog; Deadline calls it."""
    Submission().show()


class Submission:
    """The dialog and what its buttons do."""

    def __init__(self):
        self._looking = None
        self._dialog = DeadlineScriptDialog()
        self._dialog.SetTitle(TITLE)
        self._dialog.AddTabControl("Tabs", 0, 0)
        for title, rows in TABS:
            self._add_tab(title, rows)
        self._dialog.EndTabControl()
        self._add_buttons()
        folder = Path(str(ClientUtils.GetUsersSettingsDirectory()))
        self._settings = str(folder / "RenderbusSubmissionSettings.ini")
        self._dialog.LoadSettings(self._settings, STICKY)
        self._dialog.EnabledStickySaving(STICKY, self._settings)

    def show(self):
        """Show it; Deadline keeps it open."""
        self._dialog.ShowDialog(False)

    def _add_tab(self, title, rows):
        dialog = self._dialog
        dialog.AddTabPage(title)
        dialog.AddGrid()
        for number, (name, control, label, value, tip, *more) in enumerate(rows):
            dialog.AddControlToGrid(name + "Label", "LabelControl", label, number, 0, tip, False)
            if control in _COMBOS:
                dialog.AddComboControlToGrid(name, control, value, more[0], number, 1, tip)
            elif control in _BROWSERS:
                dialog.AddSelectionControlToGrid(name, control, value, more[0], number, 1, tip)
            else:
                dialog.AddControlToGrid(name, control, value, number, 1, tip)
        dialog.EndGrid()
        dialog.EndTabPage()

    def _add_buttons(self):
        dialog = self._dialog
        dialog.AddGrid()
        dialog.AddControlToGrid(
            "Note",
            "LabelControl",
            ON_GATEWAY,
            0,
            0,
            "",
            True,
        )
        submit = dialog.AddControlToGrid("Submit", "ButtonControl", "Submit", 1, 0, "", False)
        submit.ValueModified.connect(self.submit)
        check = dialog.AddControlToGrid("Check", "ButtonControl", "Check", 1, 1, CHECK_TIP, False)
        check.ValueModified.connect(self.check)
        close = dialog.AddControlToGrid("Close", "ButtonControl", "Close", 1, 2, "", False)
        close.ValueModified.connect(self._dialog.CloseDialog)
        dialog.EndGrid()

    def submit(self, *_args):
        """Check what was filled in, submit it, and look at what Deadline made of it."""
        form = self._filled_in()
        if form is None:
            return
        if PathUtils.IsPathLocal(form["Scene"]) and not self._agrees(
            "The scene {} is on a disk of this machine, which workers and the gateway may not see. "
            "Submit it all the same?".format(form["Scene"])
        ):
            return
        self._dialog.SaveSettings(self._settings, STICKY)
        said = self._send(*job_files(form))
        found = re.search(r"JobID=([0-9a-fA-F]{24})", said)
        if not found:
            self._say("Deadline did not take the job:\n" + said)
            return
        self._say("\n".join([said.strip(), *self._looked_at(found.group(1), form)]))

    def check(self, *_args):
        """Begin to look at the job, or show what was found; the Monitor never waits for it."""
        if self._looking is None:
            form = self._filled_in()
            if form is not None:
                self._begin_to_look(form)
            return
        answer = self._looking.answer()
        if answer is None:
            self._say("It is still being looked at; press Check again in a moment.")
            return
        self._looking = None
        self._say(answer)

    def _begin_to_look(self, form):
        config = RepositoryUtils.GetPluginConfig("Renderbus")
        program = FileUtils.SearchFileList(str(config.GetConfigEntryWithDefault("Executable", "")))
        if not program:
            self._say("The bridge is not installed on this machine. " + ON_GATEWAY)
            return
        file = str(config.GetConfigEntryWithDefault("ConfigFile", ""))
        try:
            self._looking = Look(program, file, *job_files(form))
        except OSError as error:
            self._say("The bridge could not be started: {}. {}".format(error, ON_GATEWAY))
            return
        self._say("It is being looked at; press Check again for the answer.")

    def _filled_in(self):
        """Return what was filled in; None, and what is wrong is told, when it is no job."""
        form = {name: str(self._dialog.GetValue(name) or "") for name in NAMES}
        for name in ("Pool", "SecondaryPool", "Group"):
            if form[name].lower() in _NO_NAME:
                form[name] = ""
        wrong = problems(form, FrameUtils.FrameRangeValid)
        if wrong:
            self._say("\n".join(wrong))
            return None
        return form

    def _send(self, info, plugin_info):
        """Submit the two files of a job; return what Deadline said."""
        folder = Path(str(ClientUtils.GetDeadlineTempPath()))
        files = []
        try:
            for content in (info, plugin_info):
                files.append(folder / "renderbus-{}.job".format(uuid.uuid4().hex))
                files[-1].write_text(lines(content), encoding="utf-8")
            return str(ClientUtils.ExecuteCommandAndGetOutput([str(file) for file in files]))
        finally:
            for file in filter(Path.exists, files):
                file.unlink()

    def _looked_at(self, job_id, form):
        """Say what Deadline took otherwise than it was filled in."""
        job = RepositoryUtils.GetJob(job_id, True)
        if job is None:
            return ["Deadline does not show the job yet."]
        keys = [str(key) for key in job.GetJobExtraInfoKeys()]
        extra = {key: str(job.GetJobExtraInfoKeyValue(key)) for key in keys}
        found = differences(form, extra, list(job.JobFramesList), str(job.JobPlugin))
        return ["", "Deadline took it otherwise than you said:", *found] if found else []

    def _say(self, text):
        self._dialog.ShowMessageBox(text, TITLE)

    def _agrees(self, question):
        return self._dialog.ShowMessageBox(question, TITLE, ("Yes", "No")) == "Yes"
