"""Submit a job that workers can render, and that may go to the Renderbus cloud."""

import json
import re
import sys
import uuid
from pathlib import Path

from Deadline.Scripting import ClientUtils, FileUtils, FrameUtils, PathUtils, RepositoryUtils
from DeadlineUI.Controls.Scripting.DeadlineScriptDialog import DeadlineScriptDialog

sys.path.insert(0, str(RepositoryUtils.GetRepositoryPath("custom/plugins/Renderbus", True)))

from renderbus_form import AS_ALL_JOBS, MACHINE, NO_PRESET, fields, tabs
from renderbus_gateway import lines
from renderbus_look import Look, machine_parts, machines, told
from renderbus_options import Options
from renderbus_presets import Presets
from renderbus_submit import OPTIONS, differences, fields_of, job_files, options, problems

TITLE = "Submit To Renderbus"
ON_GATEWAY = "Scene, files and cost are checked on the gateway before anything is sent."
CHECK_TIP = (
    "Look at scene, files and cost with the bridge on this machine; press again for the answer"
)
# What is new for each job, and what only fills in others, is not remembered.
_FRESH = frozenset(
    ("Name", "Comment", "Deadline", "FrameSeconds", "Preset", "PresetName", "Machine")
)
_BROWSERS = frozenset(("FileBrowserControl", "FolderBrowserControl"))
_NO_NAME = frozenset({"", "none"})


def __main__(*_args):
    """Show the dialog; Deadline calls it."""
    Submission().show()


class Submission:
    """The dialog and what its buttons do."""

    def __init__(self):
        self._looking = None
        self._filling = False
        self._machines = []
        self._options = Options()
        self._tabs = tabs(self._options.tip)
        self._fields = fields(self._tabs)
        folder = Path(str(ClientUtils.GetUsersSettingsDirectory()))
        self._machines_file = folder / "RenderbusMachines.json"
        studio = RepositoryUtils.GetRepositoryPath("custom/scripts/Submission", True)
        self._presets = Presets(
            Path(str(studio)) / "RenderbusPresets.ini",
            folder / "RenderbusPresets.ini",
            self._options,
        )
        self._dialog = DeadlineScriptDialog()
        self._dialog.SetTitle(TITLE)
        controls = self._add_tabs()
        buttons = self._add_buttons()
        self._sticky = tuple(one.name for one in self._fields if one.name not in _FRESH)
        self._settings = str(folder / "RenderbusSubmissionSettings.ini")
        self._dialog.LoadSettings(self._settings, self._sticky)
        self._dialog.EnabledStickySaving(self._sticky, self._settings)
        self._offer_presets()
        self._offer_machines(self._known_machines())
        # Only now, so that what was remembered is not taken for a choice.
        controls.update(buttons)
        for name, act in self._acts().items():
            controls[name].ValueModified.connect(act)

    def show(self):
        """Show it; Deadline keeps it open."""
        self._dialog.ShowDialog(False)
        if self._presets.problems:
            self._say("\n".join(self._presets.problems))

    def _acts(self):
        return {
            "Submit": self.submit,
            "Check": self.check,
            "Close": self._dialog.CloseDialog,
            "Preset": self.use_preset,
            "SavePreset": self.save_preset,
            "DeletePreset": self.delete_preset,
            "Machine": self.use_machine,
        }

    # What the dialog is made of.

    def _add_tabs(self):
        dialog, controls = self._dialog, {}
        dialog.AddTabControl("Tabs", 0, 0)
        for title, rows in self._tabs:
            dialog.AddTabPage(title)
            dialog.AddGrid()
            for number, row in enumerate(rows):
                for place, field in enumerate(row):
                    # A field that is alone has the whole width.
                    span = 1 if len(row) > 1 else 3
                    controls[field.name] = self._add(field, number, 2 * place, span)
            dialog.EndGrid()
            dialog.EndTabPage()
        dialog.EndTabControl()
        return controls

    def _add(self, field, row, column, span):
        dialog, (name, control, label, value, tip, more) = self._dialog, field
        if control == "ButtonControl":
            return dialog.AddControlToGrid(name, control, value, row, column, tip, False)
        if control == "CheckBoxControl":
            # Its text stands beside it, and takes the place of a label.
            return dialog.AddSelectionControlToGrid(
                name, control, value, more, row, column, tip, True, 1, span + 1
            )
        place = (row, column + 1, tip, True, 1, span)
        dialog.AddControlToGrid(name + "Label", "LabelControl", label, row, column, tip, False)
        if control == "ComboControl":
            return dialog.AddComboControlToGrid(name, control, value, more, *place)
        if control in _BROWSERS:
            return dialog.AddSelectionControlToGrid(name, control, value, more, *place)
        return dialog.AddControlToGrid(name, control, value, *place)

    def _add_buttons(self):
        dialog, controls = self._dialog, {}
        dialog.AddGrid()
        dialog.AddControlToGrid("Note", "LabelControl", ON_GATEWAY, 0, 0, "", True, 1, 4)
        dialog.AddHorizontalSpacerToGrid("ButtonSpace", 1, 0)
        tips = {"Check": CHECK_TIP, "Submit": "", "Close": ""}
        for column, (name, tip) in enumerate(tips.items(), 1):
            controls[name] = dialog.AddControlToGrid(
                name, "ButtonControl", name, 1, column, tip, False
            )
        dialog.EndGrid()
        return controls

    # Submitting.

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
        self._dialog.SaveSettings(self._settings, self._sticky)
        said = self._send(*job_files(form))
        found = re.search(r"JobID=([0-9a-fA-F]{24})", said)
        if not found:
            self._say("Deadline did not take the job:\n" + said)
            return
        self._say("\n".join([said.strip(), *self._looked_at(found.group(1), form)]))

    def _filled_in(self):
        """Return what was filled in; None, and what is wrong is told, when it is no job."""
        form = self._form()
        wrong = problems(form, FrameUtils.FrameRangeValid)
        labels = {OPTIONS[one.name]: one.label for one in self._fields if one.name in OPTIONS}
        wrong += self._options.problems(options(form), labels)
        if wrong:
            self._say("\n".join(wrong))
            return None
        return form

    def _form(self):
        form = {one.name: str(self._dialog.GetValue(one.name) or "") for one in self._fields}
        for name in ("Pool", "SecondaryPool", "Group"):
            if form[name].lower() in _NO_NAME:
                form[name] = ""
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
        frames = [int(number) for number in FrameUtils.Parse(form["Frames"])]
        found = differences(form, job, frames)
        return ["", "Deadline took it otherwise than you said:", *found] if found else []

    # Looking before that.

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
        self._remember_machines(machines(answer))
        self._say(told(answer))

    def _begin_to_look(self, form):
        config = RepositoryUtils.GetPluginConfig("Renderbus")
        program = FileUtils.SearchFileList(str(config.GetConfigEntryWithDefault("Executable", "")))
        if not program:
            self._say("The bridge is not installed on this machine. " + ON_GATEWAY)
            return
        file = str(config.GetConfigEntryWithDefault("ConfigFile", ""))
        seconds = float(form["FrameSeconds"]) if form["FrameSeconds"].strip() else None
        try:
            self._looking = Look(program, file, *job_files(form), frame_seconds=seconds)
        except OSError as error:
            self._say("The bridge could not be started: {}. {}".format(error, ON_GATEWAY))
            return
        self._say("It is being looked at; press Check again for the answer.")

    # Machines and presets: both fill in fields.

    def use_machine(self, *_args):
        """Fill in the machine that was chosen."""
        if not self._filling:
            chosen = machine_parts(str(self._dialog.GetValue("Machine")))
            self._fill(dict(zip(MACHINE, chosen)))

    def use_preset(self, *_args):
        """Fill in the preset that was chosen."""
        name = str(self._dialog.GetValue("Preset"))
        if not self._filling and name != NO_PRESET:
            self._offer_machines(self._machines)
            self._fill(fields_of(self._presets.options(name)))

    def save_preset(self, *_args):
        """Keep what the form wants of the cloud under a name."""
        name = str(self._dialog.GetValue("PresetName") or "")
        wrong = self._presets.save(name, options(self._form()))
        if wrong:
            self._say(wrong)
            return
        self._offer_presets(name)

    def delete_preset(self, *_args):
        """Forget the preset that is chosen."""
        name = str(self._dialog.GetValue("Preset"))
        if name == NO_PRESET:
            self._say("Choose the preset that is to be deleted.")
            return
        wrong = self._presets.delete(name)
        if wrong:
            self._say(wrong)
            return
        self._offer_presets()

    def _offer_presets(self, chosen=NO_PRESET):
        self._offer("Preset", [NO_PRESET, *self._presets.names], chosen)

    def _offer_machines(self, known):
        self._machines = known
        self._offer("Machine", [AS_ALL_JOBS, *known], AS_ALL_JOBS)

    def _offer(self, name, items, chosen):
        """Change the choices of a combo; that is no choice of a person."""
        self._filling = True
        self._dialog.SetItems(name, items)
        self._dialog.SetValue(name, chosen)
        self._filling = False

    def _fill(self, values):
        for name, value in values.items():
            self._dialog.SetValue(name, value)

    def _known_machines(self):
        """Return the machines that the last look told of."""
        try:
            found = json.loads(self._machines_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return []
        return [str(each) for each in found] if isinstance(found, list) else []

    def _remember_machines(self, found):
        """Offer the machines that a look told of, the next time too; a look may tell of none."""
        if not found:
            return
        self._offer_machines(found)
        try:
            self._machines_file.write_text(json.dumps(found), encoding="utf-8")
        except OSError as error:
            self._say("The machines cannot be remembered: {}".format(error))

    def _say(self, text):
        self._dialog.ShowMessageBox(text, TITLE)

    def _agrees(self, question):
        return self._dialog.ShowMessageBox(question, TITLE, ("Yes", "No")) == "Yes"
