"""Panel of QubeUI by which people ask the gateway for something, and see where jobs stand.

What is asked becomes a job of the type renderbus that no worker runs: the gateway answers in its
notes and ends it. Standard library only, Python 3.6 and up.
"""

import PythonQt
import qb
from PythonQt import QtGui
from renderbus_submit import ASKED, JOB_TYPE, ask_jobs

_MARK = "-- renderbus --"


class UserUIPlugin(QbUIPlugin):
    """The panel; QubeUI makes one."""

    def __init__(self):
        super(UserUIPlugin, self).__init__()
        self.name = "Renderbus"
        self.type = "panel"
        self.context = "renderbus"
        self.update_on_job_change = True
        self.qubeUI = PythonQt.pfx.QubeUI()

    def build_layout(self, **_selected):
        """Return what the panel shows for the jobs that are selected now."""
        box = QtGui.QVBoxLayout()
        self._jobs = self._line(box, "Jobs", ",".join(self._selected()))
        self._frames = self._line(box, "Frames (all when empty)", "")
        for kind in ASKED:
            self._button(box, ASKED[kind], lambda *_, kind=kind: self.ask(kind))
        self._button(box, "Show where they stand", self.show)
        self._said = QtGui.QLabel("It costs money to send something; the gateway checks it first.")
        box.addWidget(self._said)
        return box

    def ask(self, kind):
        """Ask the gateway for something about the jobs that are named."""
        try:
            jobs = ask_jobs(kind, str(self._jobs.text), str(self._frames.text))
            sent = qb.submit(jobs) or []
        except ValueError as error:
            self._say("It was not asked: {}".format(error))
            return
        told = []
        if sent:
            numbers = ", ".join(str(job["id"]) for job in sent)
            told.append("Asked with job {}; the answer comes into its notes.".format(numbers))
        if len(sent) < len(jobs):
            names = ", ".join(job["name"] for job in jobs[len(sent) :])
            silence = "Qube does not say whether it took {}; look for it before you ask again."
            told.append(silence.format(names))
        self._say("\n".join(told))

    def show(self, *_args):
        """Show what the gateway noted about the jobs that are named."""
        told = []
        for name in str(self._jobs.text).split(","):
            if name.strip().isdigit():
                told += self._about(int(name))
        self._say("\n".join(told) or "Nothing of them is in the cloud.")

    def _about(self, number):
        """Return what is written in the jobs that are about another one."""
        found = qb.jobinfo(filters={"prototype": JOB_TYPE, "pid": number}) or []
        told = []
        for job in sorted(found, key=lambda job: int(job["id"])):
            # Below what people wrote and above the last line, which is for programs.
            _, _, rest = str(job.get("notes") or "").partition(_MARK)
            lines = rest.strip().splitlines()[:-1]
            told.append("{}: {} ({})".format(number, job.get("name", ""), job.get("status", "")))
            told += ["  " + line for line in lines]
        return told

    def _selected(self):
        """Return the numbers of the selected jobs, as far as QubeUI tells them."""
        found = []
        for job in self.qubeUI.selectedJobs():
            number = getattr(job, "id", None)
            number = number() if callable(number) else number
            if str(number).isdigit():
                found.append(str(number))
        return found

    def _line(self, box, title, text):
        box.addWidget(QtGui.QLabel(title))
        line = QtGui.QLineEdit(text)
        box.addWidget(line)
        return line

    def _button(self, box, title, act):
        button = QtGui.QPushButton()
        button.text = title
        button.connect("clicked()", act)
        box.addWidget(button)

    def _say(self, text):
        self._said.text = text
