"""Deadline's Web Service over the repository in memory: what its manual documents, and no more.

Another request, parameter, command or key is a violation, and so is a job that is saved with
anything lost that it came with. Each call of the scripting interface that does the same is noted,
so that others may act before it here too.
"""

import base64
import copy
import datetime as dt
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from dotnet import Strict

NO_DATE = "0001-01-01T00:00:00Z"
NO_SPAN = "-10675199.02:48:05.4775808"
JOB_STATES = {"Active": 1, "Suspended": 2, "Completed": 3, "Failed": 4, "Pending": 6}
TASK_STATES = {
    "Queued": 2,
    "Suspended": 3,
    "Rendering": 4,
    "Completed": 5,
    "Failed": 6,
    "Pending": 8,
}
WORKER_STATES = {"Rendering": 1, "Idle": 2, "Offline": 3, "Stalled": 4, "StartingJob": 8}

# As the manual has them: parameters that go together, by path.
GETS = {
    "jobs": [{"States"}, {"JobID"}],
    "tasks": [{"JobID"}],
    "slaves": [{"Data"}, {"NamesOnly"}],
    "limitgroups": [set()],
    "pools": [set()],
    "repository": [{"Directory"}],
}
COMMANDS = {
    "jobs": {"save": {"Command", "Job"}},
    "tasks": {
        name: {"Command", "JobID", "TaskList"}
        for name in ("suspend", "resume", "resumefailed", "requeue", "complete", "fail")
    },
}
FOLDERS = {"root": "", "customplugins": "/custom/plugins"}
# What a script may change of a job that it saves.
EDITABLE = {"ExDic"} | {"Ex" + str(n) for n in range(10)}

TEXTS = {
    "Name": "Name",
    "UserName": "User",
    "Comment": "Cmmt",
    "Department": "Dept",
    "Frames": "Frames",
    "Pool": "Pool",
    "SecondaryPool": "SecPool",
    "Group": "Grp",
    "PreJobScript": "PrJobScrp",
    "PostJobScript": "PoJobScrp",
}
TEXTS.update(("ExtraInfo{}".format(n), "Ex{}".format(n)) for n in range(10))
NUMBERS = {
    "ChunkSize": "Chunk",
    "Priority": "Pri",
    "ConcurrentTasks": "Conc",
    "MachineLimit": "MachLmt",
}


class RefusedError(Exception):
    """An answer that says no.

    Args:
        status: of HTTP.
        text: that comes with it.
    """

    def __init__(self, status, text):
        super().__init__(text)
        self.status = status


def properties(record):
    """Return `Props` of a job as of Deadline 10.1."""
    found = {
        "Name": "", "Batch": "", "User": "", "Region": "none", "Cmmt": "", "Dept": "",
        "Frames": "0", "Chunk": 1, "Tasks": len(record.tasks), "Grp": "none", "Pool": "none",
        "SecPool": "", "Pri": 50, "ReqAss": [], "ScrDep": [], "Conc": 1, "ConcLimt": True,
        "AuxSync": False, "Int": False, "IntPer": 100, "RemTmT": 0, "Seq": False,
        "Reload": False, "NoEvnt": False, "OnComp": 2, "Protect": False, "PathMap": [],
        "AutoTime": False, "TimeScrpt": False, "MinTime": 0, "MaxTime": 0, "Timeout": 1,
        "FrameTimeout": False, "StartTime": 0, "InitializePluginTime": 0, "Dep": [],
        "DepFrame": False, "DepFrameStart": 0, "DepFrameEnd": 0, "DepComp": True,
        "DepDel": False, "DepFail": False, "DepPer": -1.0, "NoBad": False,
        "OverAutoClean": False, "OverClean": False, "OverCleanDays": 0, "OverCleanType": 1,
        "JobFailOvr": False, "JobFailErr": 0, "TskFailOvr": False, "TskFailErr": 0,
        "SndWarn": True, "NotOvr": False, "SndEmail": False, "SndPopup": False,
        "NotEmail": [], "NotUser": ["ada"], "NotNote": "", "Limits": [], "ListedSlaves": [],
        "White": False, "MachLmt": 0, "MachLmtProg": -1.0, "PrJobScrp": "", "PoJobScrp": "",
        "PrTskScrp": "", "PoTskScrp": "", "Schd": 0, "SchdDays": 1, "SchdDate": NO_DATE,
        "SchdStop": NO_DATE, "PlugInfo": record.plugin_info, "Env": record.environment,
        "EnvOnly": False, "PlugDir": "", "EventDir": "", "OptIns": {}, "EventOI": [],
        "AWSPortalAssets": [], "AWSPortalAssetFileWhitelist": [], "ExDic": record.extra,
        "OvrTaskEINames": False,
    }  # fmt: skip
    for day in ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"):
        found[day + "Start"] = found[day + "Stop"] = NO_SPAN
    for number in range(10):
        found["Ex{}".format(number)] = found["TaskEx{}".format(number)] = ""
    for key, value in record.info.items():
        if key in TEXTS:
            found[TEXTS[key]] = value
        elif key in NUMBERS:
            found[NUMBERS[key]] = int(value)
        elif key == "LimitGroups":
            found["Limits"] = [name for name in value.split(",") if name]
        elif key.startswith("Props."):
            # What a later Deadline has.
            found[key[len("Props.") :]] = value
        elif key != "Plugin" and not key.startswith(
            ("ExtraInfoKeyValue", "EnvironmentKeyValue", "OutputDirectory", "OutputFilename")
        ):
            raise NotImplementedError("the fake does not know how a job has " + key)
    return found


def numbered(info, name):
    """Return the values of keys with numbers."""
    keys = sorted(key for key in info if key.startswith(name))
    return [info[key] for key in keys]


def moment(at):
    """Return a moment as the Web Service writes it: with fewer digits than one would think."""
    return NO_DATE if at is None else at.strftime("%Y-%m-%dT%H:%M:%S.%f").rstrip("0") + "0+00:00"


class WebService(object):
    """Answers requests.

    Args:
        repository: what stands behind it.
        lock: held while it is asked.

    Attributes:
        asked: method, path and query of every request.
        login: user and password; None asks for none.
        faults: answers that come instead of the next ones: a status and a text, or None for a
            connection that is closed.
        loses: of how many of the next requests the reply is lost; they are carried out.
        shape: how workers are told: `known`, `odd` or `names`.
        worker: who is told to have rendered what was completed here.
    """

    def __init__(self, repository, lock):
        self._repository = repository
        self._lock = lock
        self._given = {}
        self.asked = []
        self.login = None
        self.faults = []
        self.loses = 0
        self.shape = "known"
        self.worker = "web-1"
        handler = type("Handler", (_Handler,), {"service": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def url(self):
        return "http://127.0.0.1:{}".format(self._server.server_port)

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, method, target, authorization, body):
        """Return status and text for a request; None to close the connection."""
        with self._lock:
            path = urlsplit(target)
            self.asked.append("{} {}".format(method, target))
            if self.faults:
                return self.faults.pop(0)
            if self.login is not None and authorization != basic(*self.login):
                return 401, "Authentication failed"
            query = {key: values[0] for key, values in parse_qs(path.query).items()}
            try:
                said = json.dumps(self._carry_out(method, path.path, query, body))
            except RefusedError as error:
                return error.status, str(error)
            except Exception as error:
                # As Deadline does with whatever goes wrong in it.
                return 500, "Error: {} ({})".format(error, type(error).__name__)
            self.loses -= 1
            return None if self.loses >= 0 else (200, said)

    def _carry_out(self, method, path, query, body):
        place, _, what = path.rpartition("/")
        if place != "/api" or what not in GETS:
            _violation("{} {}".format(method, path))
            raise RefusedError(404, "Not found")
        if method == "GET":
            if set(query) not in GETS[what]:
                _violation("GET {} with {}".format(what, sorted(query)))
            return getattr(self, "_get_" + what)(query)
        if method == "PUT" and what in COMMANDS:
            return self._command(what, body)
        _violation("{} {}".format(method, what))
        raise RefusedError(501, "Not implemented")

    def _command(self, what, body):
        document = json.loads(body.decode("utf-8")) if body else {}
        command = document.get("Command")
        if not command:
            raise RefusedError(400, "There is no command key")
        if command not in COMMANDS[what] or set(document) - COMMANDS[what][command]:
            _violation("PUT {} {} with {}".format(what, command, sorted(document)))
            raise RefusedError(500, "Invalid command")
        getattr(self, "_put_" + what)(command, document)
        return "Success"

    # Reading.

    def _get_jobs(self, query):
        if "States" in query:
            self._repository.call("GetJobsInState")
            states = query["States"].split(",")
            unknown = [state for state in states if state not in JOB_STATES]
            if unknown:
                _violation("a state of jobs: " + unknown[0])
            jobs = [r for r in self._repository.jobs.values() if r.status in states]
        else:
            self._repository.call("GetJob")
            ids = query["JobID"].split(",")
            jobs = [self._repository.jobs[i] for i in ids if i in self._repository.jobs]
        odd = self._repository.odd
        return [None if record.id in odd else self._job(record) for record in jobs]

    def _job(self, record):
        counts = {}
        for task in record.tasks:
            counts[task.status] = counts.get(task.status, 0) + 1
        token = "{:08x}".format(len(self._given))
        document = {
            "_id": record.id, "Stat": JOB_STATES[record.status], "Plug": record.info["Plugin"],
            "Mach": "ada-pc", "Date": moment(record.submitted_at), "DateStart": NO_DATE,
            "DateComp": NO_DATE, "OutDir": numbered(record.info, "OutputDirectory"),
            "OutFile": numbered(record.info, "OutputFilename"), "TileFile": [],
            "Aux": list(record.auxiliary), "Bad": [], "ComFra": 0, "SnglTskPrg": "0 %",
            "Errs": 0, "DataSize": -1, "IsSub": True, "Purged": False, "Main": False,
            "MainStart": 0, "MainEnd": 0, "Tile": False, "TileFrame": 0, "TileCount": 0,
            "TileX": 0, "TileY": 0, "ExtraElements": None, "ConcurrencyToken": token,
            "Later": {"Deep": [1.5, {"Key": None, "Small": 1e-07}]},
            "Props": properties(record),
        }  # fmt: skip
        for state in TASK_STATES:
            document[state + "Chunks"] = counts.get(state, 0)
        self._given[token] = copy.deepcopy(document)
        return document

    def _get_tasks(self, query):
        self._repository.call("GetJobTasks")
        record = self._repository.jobs[query["JobID"]]
        rows = [self._task(record, task) for task in record.tasks]
        # Tasks of scripts are told apart, it is believed; here they stand among the others.
        return {"ID": record.id, "PreTask": None, "PostTask": None, "Tasks": rows}

    def _task(self, record, task):
        begun = task.completed_at and task.completed_at - dt.timedelta(seconds=task.seconds)
        return {
            "_id": "{}_{}".format(record.id, task.number), "JobID": record.id,
            "TaskID": task.number, "Frames": "-".join(map(str, task.frames[:1] + task.frames[-1:])),
            "Slave": task.worker, "Stat": TASK_STATES[task.status], "Prog": "0 %",
            "RndStat": "", "Errs": 0, "Start": NO_DATE,
            "StartRen": moment(begun if task.seconds else None),
            "Comp": moment(task.completed_at), "NormMult": 1.0,
            "Props": {"ExDic": {}}, "ExtraElements": None,
        }  # fmt: skip

    def _get_slaves(self, query):
        workers = self._repository.workers
        if query.get("NamesOnly") == "true":
            return list(workers)
        if query.get("Data") != "infosettings":
            _violation("workers with {}".format(query))
        if self.shape == "names":
            return {"Workers": list(workers)}
        return [self._worker(name, worker) for name, worker in workers.items()]

    def _worker(self, name, worker):
        info = {
            "Name": name,
            "Pools": ",".join(worker["pools"]),
            "Grps": ",".join(worker["groups"]),
        }
        if self.shape == "known":
            info["Stat"] = WORKER_STATES[worker["state"]]
        enabled = worker.get("enabled", True)
        return {"Info": info, "Settings": {"Name": name.lower(), "Enable": enabled}}

    def _get_limitgroups(self, _query):
        limits = self._repository.limits.items()
        return [{"Name": name, "Limit": most or 0, "Holders": []} for name, most in limits]

    def _get_pools(self, _query):
        return ["none"]

    def _get_repository(self, query):
        return self._repository.root + FOLDERS[query["Directory"]]

    # Changing.

    def _put_jobs(self, _command, document):
        self._repository.call("SaveJob")
        job = document["Job"]
        given = self._given.get(job.get("ConcurrencyToken"))
        if given is None:
            _violation("a job is saved that never was given out")
            raise RefusedError(500, "Invalid job")
        for kept, saved in ((given, job), (given["Props"], job["Props"])):
            for key in set(kept) | set(saved):
                if key not in EDITABLE | {"Props"} and kept.get(key) != saved.get(key):
                    _violation("a job is saved with another {}".format(key))
        record = self._repository.jobs[job["_id"]]
        record.extra = dict(job["Props"]["ExDic"])
        for number in range(10):
            text, key = job["Props"]["Ex{}".format(number)], "ExtraInfo{}".format(number)
            if text or key in record.info:
                record.info[key] = text

    def _put_tasks(self, command, document):
        names = {
            "suspend": "SuspendTasks",
            "resume": "ResumeTasks",
            "resumefailed": "ResumeFailedTasks",
            "requeue": "RequeueTasks",
            "complete": "CompleteTasks",
            "fail": "FailTasks",
        }
        self._repository.call(names[command])
        # Without a list all of them are meant.
        numbers = document.get("TaskList") or None
        if not all(isinstance(number, int) for number in numbers or ()):
            _violation("tasks are named {}".format(numbers))
        more = {"complete": (self.worker,), "fail": ("",)}.get(command, ())
        getattr(self._repository, command)(document["JobID"], numbers, *more)


def basic(user, password):
    """Return the header with which a user signs in."""
    both = "{}:{}".format(user, password).encode("utf-8")
    return "Basic " + base64.b64encode(both).decode("ascii")


def _violation(what):
    Strict.violations.append("Web Service: " + what)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body in one piece: else each answer waits for the client to acknowledge its head.
    wbufsize = -1
    service = None

    def _serve(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        given = self.headers.get("Authorization")
        answer = self.service.answer(self.command, self.path, given, body)
        if answer is None:
            self.close_connection = True
            return
        status, text = answer
        content = text.encode("utf-8")
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = do_POST = do_DELETE = _serve

    def log_message(self, format, *args):  # noqa: A002 - the name of the base class
        pass
