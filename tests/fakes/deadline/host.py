"""A process of Deadline's own interpreter: the repository in memory, and our files in it.

`python host.py MODE FOLDER CONTROL [ADDRESS]`: see `main`. Over the descriptor CONTROL a test has
people and workers act, a JSON list a line: the name of an act and its arguments.
"""

import contextlib
import datetime as dt
import json
import os
import select
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import modules
from dotnet import Strict
from repository import JobObject, Repository, StateError
from served import Guest, GuestUtils, Server
from webservice import WebService


class Acts:
    """What a test may have done, by name.

    Args:
        repository: where.
    """

    def __init__(self, repository):
        self._repository = repository
        self.worker = None
        self.farm = None
        self.web = None
        self._other = None

    def script(self, name, jobs, tasks=(), answer="Yes"):
        """Run a script of the Monitor on a selection; return what it showed."""
        repository = self._repository
        repository.selected, repository.selected_tasks = list(jobs), list(tasks)
        repository.answer, repository.shown[:] = answer, []
        script = modules.load(Path(repository.root) / "custom" / "scripts" / (name + ".py"))
        script.__main__()
        return list(repository.shown)

    def dialog(self, name, values, answer="Yes", press="Submit"):
        """Open a submission dialog, fill it in, and press a button; return what was shown."""
        repository = self._repository
        repository.answer, repository.shown[:] = answer, []
        script = modules.load(
            Path(repository.root) / "custom" / "scripts" / "Submission" / (name + ".py")
        )
        script.__main__()
        dialog = repository.dialogs[-1]
        for control, value in values.items():
            dialog.SetValue(control, value)
        dialog._controls[press].ValueModified.emit()
        return list(repository.shown)

    def press(self, name):
        """Press a button of the last dialog; return what was shown."""
        self._repository.shown[:] = []
        self._repository.dialogs[-1]._controls[name].ValueModified.emit()
        return list(self._repository.shown)

    def controls(self):
        """Return the kind of each control of the last dialog, and what it holds."""
        controls = self._repository.dialogs[-1]._controls
        return {name: [one.kind, one.value] for name, one in controls.items()}

    def choose(self, name, value):
        """Choose an entry of a combo, or fill in a field, of the last dialog."""
        self._repository.dialogs[-1].SetValue(name, value)

    def choices(self, name):
        """Return the entries of a combo of the last dialog."""
        return self._repository.dialogs[-1]._controls[name].items

    def layout(self):
        """Return the title of the last dialog, and each control: what it shows, and where."""
        dialog = self._repository.dialogs[-1]
        controls = dialog._controls
        rows = [
            dict(row, value=controls[row["name"]].value, items=controls[row["name"]].items)
            for row in dialog._layout
        ]
        return {"title": dialog._title, "controls": rows}

    def execute(self, name, *arguments):
        """Run a script as `deadlinecommand -ExecuteScript` does, to its end."""
        file = Path(self._repository.root) / "custom" / "scripts" / "General" / (name + ".py")
        modules.load(file).__main__(*arguments)

    def web_url(self):
        """Return where the Web Service is."""
        return self.web.url

    def web_set(self, name, value):
        """Set an attribute of the Web Service."""
        setattr(self.web, name, value)

    def web_asked(self):
        """Return what the Web Service was asked since the last time."""
        found, self.web.asked[:] = list(self.web.asked), []
        return found

    def gateway(self, act, *arguments):
        """Have the worker of this process do something."""
        return getattr(self.worker, act)(*arguments)

    def house_cleaning(self):
        self._repository.tell("OnHouseCleaning")

    def look(self, name):
        """Return an attribute of the repository."""
        return getattr(self._repository, name)

    def jobs(self):
        """Return the info of all jobs by id."""
        return {id_: record.info for id_, record in self._repository.jobs.items()}

    def submit(self, info, plugin_info, auxiliary=(), at=None):
        moment = None if at is None else dt.datetime.fromtimestamp(at, dt.timezone.utc)
        return self._repository.submit(info, plugin_info, auxiliary, moment)

    def before(self, call, act, *arguments):
        """Have something done just before the next call of the API with a name."""
        self._repository.before.setdefault(call, []).append(lambda: self(act, *arguments))

    def in_window(self, calls, act, *arguments):
        """Have something done in front of a call of the API, after so many other ones."""

        def done():
            # What a person is refused is told to that person, not to who makes the call.
            with contextlib.suppress(StateError):
                self(act, *arguments)

        self._repository.window = calls
        self._repository.in_window = done

    def is_open(self):
        """Tell whether it is still to be done, and do it no more."""
        window, self._repository.window = self._repository.window, None
        return window is not None

    def spare(self, number):
        """Have a worker take a task just before it is suspended, which does not reach it."""
        self._repository.before.setdefault("SuspendTasks", []).append(self.take_for_good)

    def take_for_good(self):
        """Have a worker take a task so that suspending it does not reach it."""
        taken = self._repository.dequeue("node-1")
        if taken:
            (task,) = self._repository.tasks(taken[0], [taken[1]])
            task.spared = True
        return taken

    def render(self):
        """Have a worker take a task and finish it at once."""
        taken = self._repository.dequeue("node-1")
        if taken:
            self._repository.finish(*taken, seconds=1.0)

    def forget_extra(self, job):
        """Lose what was written into the job's extra info, as a stale SaveJob does."""
        self._repository.jobs[job].extra.clear()

    def plugin_info(self, job):
        return self._repository.jobs[job].plugin_info

    def other_gateway(self, method, params):
        """Have a second gateway's agent do something; it goes on from what it did before."""
        if self._other is None:
            import renderbus_farm  # noqa: PLC0415 - from the folder
            from Deadline.Scripting import RepositoryUtils  # noqa: PLC0415 - the fake one

            self._other = renderbus_farm.DeadlineFarm(RepositoryUtils, log)
        answer = self._other.handlers[method](params)
        if not hasattr(answer, "lists"):
            return answer
        return {**answer.head, **{name: list(rows) for name, rows in answer.lists.items()}}

    def ask_every(self, seconds):
        """Have all jobs looked through for asks so often, from the next look on."""
        self.farm._ask_seconds = seconds

    def set_extra(self, job, key, value):
        self._repository.jobs[job].extra[key] = value

    def keep(self, job):
        """Hold a copy of a job, as a script does."""
        self._kept = JobObject(self._repository.jobs[job])

    def tell_late(self, event):
        """Tell of what happened to the copy, as asynchronous events do."""
        self._repository.tell(event, self._kept)

    def take_log(self):
        """Return what event plug-ins said, and forget it."""
        said, self._repository.log[:] = list(self._repository.log), []
        return said

    def put_back(self, job):
        """Save the copy, which is old by now."""
        self._repository.jobs[job].extra = dict(self._kept._extra)

    def spoil(self, part, key, value):
        """Have all jobs say something else than was submitted, as another script may do."""
        for record in self._repository.jobs.values():
            getattr(record, part)[key] = value

    def reframe_all(self, frames):
        """Give all jobs other frames than were submitted."""
        for job in list(self._repository.jobs):
            self._repository.change_frames(job, frames, 1)

    def forget_all_extra(self):
        for job in self._repository.jobs:
            self.forget_extra(job)

    def switch(self, name, value):
        setattr(self._repository, name, value)

    def state(self, job):
        record = self._repository.jobs[job]
        return {
            "status": record.status,
            "tasks": [[task.status, task.worker] for task in record.tasks],
            "extra": record.extra,
            "history": record.history,
        }

    def column(self, job, digit):
        """Return what a column of the task list shows."""
        return [task.extra.get(digit, "") for task in self._repository.jobs[job].tasks]

    def set_column(self, job, number, digit, text):
        self._repository.tasks(job, [number])[0].extra[digit] = text

    def calls(self):
        found, self._repository.calls[:] = list(self._repository.calls), []
        return found

    def violations(self):
        return list(Strict.violations)

    def __call__(self, name, *arguments):
        if name == "break":
            return self._break(*arguments)
        own = getattr(self, name, None) if name in vars(Acts) else None
        return (own or getattr(self._repository, name))(*arguments)

    def _break(self, call):
        """Have the next call of the API with a name end with an error, nothing done."""

        def broken():
            raise RuntimeError(call + " broke")

        self._repository.before.setdefault(call, []).append(broken)


class Control:
    """Carries out what the test asks, on the thread that calls `serve`.

    Args:
        descriptor: of a socket to the test.
        acts: what may be done.

    Attributes:
        lock: held while something is done.
    """

    def __init__(self, descriptor, acts):
        self._stream = os.fdopen(descriptor, "r+b", 0)
        self.acts = acts
        self.lock = threading.RLock()

    def fileno(self):
        return self._stream.fileno()

    def serve(self, seconds):
        """Do what was asked meanwhile; wait so long for something."""
        while select.select([self._stream], [], [], seconds)[0]:
            line = self._stream.readline()
            if not line:
                return False
            try:
                with self.lock:
                    answer = {"value": self.acts(*json.loads(line.decode("ascii")))}
            except Exception as error:
                answer = {"error": f"{type(error).__name__}: {error}"}
            self._stream.write(json.dumps(answer).encode("ascii") + b"\n")
            seconds = 0
        return True


class Worker(object):
    """A worker's process that renders one task of a job plug-in, and lets the test act meanwhile.

    Args:
        custom: the repository's folder of that name.
        control: to the test.
    """

    def __init__(self, custom, control):
        self._custom = custom
        self._control = control
        self._canceled = False
        self.task = None
        self.settings = {}
        self.plugin_info = {}
        self.log = []
        self.status = ""
        self.progress = 0.0
        self.outcome = ""

    def begin(self, settings, plugin_info):
        """Have the task rendered as soon as the test is answered."""
        self.settings, self.plugin_info = settings, plugin_info
        self._canceled, self.outcome, self.task = False, "rendering", "begun"

    def cancel(self):
        self._canceled = True

    def seen(self):
        """Return what people would see of the task."""
        return {
            "outcome": self.outcome,
            "status": self.status,
            "progress": self.progress,
            "log": self.log,
        }

    def is_canceled(self):
        # Without a test there is nobody to render for.
        return not self._control.serve(0) or self._canceled

    def render(self):
        """Run the plug-in as Deadline does."""
        module = modules.load(self._custom / "plugins" / "Renderbus" / "Renderbus.py")
        plugin = module.GetDeadlinePlugin()
        plugin.attach(self)
        try:
            for slot in (plugin.InitializeProcessCallback, plugin.RenderTasksCallback):
                for handler in slot.handlers:
                    handler()
            self.outcome = "completed"
        except modules.FailRenderError as error:
            self.outcome = "failed: {}".format(error)
        finally:
            module.CleanupDeadlinePlugin(plugin)


def serve_link(control):
    """Serve the farm link on standard input and output until the core hangs up."""
    import renderbus_farm  # noqa: PLC0415 - from the folder
    import renderbus_link  # noqa: PLC0415 - as above
    from Deadline.Scripting import RepositoryUtils  # noqa: PLC0415 - the fake one

    farm = renderbus_farm.DeadlineFarm(RepositoryUtils, log, task_column="3", ask_seconds=0)
    control.acts.farm = farm
    agent = renderbus_link.Agent(*renderbus_link.own_pipes(), log)
    agent.greet(renderbus_farm.FARM, farm.capabilities, 60)
    while not agent.gone:
        while agent.poll(farm.handlers, 0.002):
            pass
        if not control.serve(0.002):
            break
    agent.close(5)


def serve_worker(control, custom):
    """Be a worker until the test hangs up."""
    worker = control.acts.worker = Worker(custom, control)
    while control.serve(0.05):
        if worker.task:
            worker.task = None
            worker.render()


def serve_web(control, repository):
    """Be a Web Service until the test hangs up."""
    web = control.acts.web = WebService(repository, control.lock)
    while control.serve(3600):
        pass
    web.close()


def log(sentence):
    sys.stderr.write(sentence + "\n")


def main(mode, folder, descriptor, address=""):
    """Be a process of Deadline's.

    Args:
        mode: `link` serves a core that started it, `worker` renders what it is told, `repository`
            has the repository that workers use, `web` is a Web Service.
        folder: `custom` of the repository.
        descriptor: of a socket to the test.
        address: where the repository is served; "" for one of this process alone.
    """
    custom = Path(folder)
    is_guest = mode == "worker" and address
    repository = Guest(address) if is_guest else Repository()
    repository.root = str(custom.parent)
    monotonic = time.monotonic
    time.monotonic = lambda: monotonic() + repository.passed
    utils = GuestUtils(repository) if is_guest else None
    modules.install(repository, str(custom.parent), utils)
    modules.listen(repository, custom / "events" / "Renderbus" / "Renderbus.py")
    sys.path.insert(0, str(custom / "plugins" / "Renderbus"))
    control = Control(int(descriptor), Acts(repository))
    if mode == "link":
        serve_link(control)
    elif mode == "repository":
        Server(repository, address).serve(control)
    elif mode == "web":
        serve_web(control, repository)
    else:
        serve_worker(control, custom)


if __name__ == "__main__":
    main(*sys.argv[1:])
