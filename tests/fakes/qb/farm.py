"""What a Qube supervisor knows and does, as far as it is documented; no processes, no sockets.

Statuses are the documented words. Where documents leave something open the fake can be switched:
see the attributes of `Supervisor`.
"""

import itertools
import time

EPOCH = 946702800
"""What an unset time is."""

TERMINAL = frozenset({"complete", "failed", "killed"})
TALLY = (
    "badlogin", "blocked", "complete", "failed", "killed",
    "pending", "running", "suspended", "unknown", "waiting",
)  # fmt: skip
FLAGS = frozenset([
    "uninterruptible", "memory_hard_limit", "grid", "auto_mount", "export_environment",
    "expand", "thrifty", "export_job_type", "host_list", "elite", "mail",
    "disable_windows_job_object", "disable_cpu_limit", "disable_auto_complete",
    "auto_wrangling", "p_agenda", "migrate_on_frame_retry", "convert_path",
    "enable_windows_job_object", "no_defaults",
])  # fmt: skip
MODIFIABLE = frozenset([
    "priority", "timeout", "name", "account", "notes", "cluster", "restrictions",
    "requirements", "reservations", "groups", "hosts", "omithosts", "omitgroups",
    "hostorder", "pgrp", "data", "cpus", "max_cpus", "env", "prod_show", "prod_shot",
    "prod_seq", "prod_client", "prod_dept", "prod_custom1", "prod_custom2", "prod_custom3",
    "prod_custom4", "prod_custom5", "preflights", "postflights", "agenda_preflights",
    "agenda_postflights",
])  # fmt: skip
SUBMITTABLE = MODIFIABLE - {"data"} | frozenset([
    "prototype", "package", "agenda", "status", "user", "kind", "label", "dependency",
    "callbacks", "flagsstring", "pid", "retrysubjob", "retrywork", "retrywork_delay", "cwd",
    "mailaddress", "timelimit", "agenda_timelimit", "domain",
])  # fmt: skip
ITEM_FIELDS = frozenset(["name", "status", "package", "resultpackage"])
FILTERS = frozenset([
    "id", "name", "user", "status", "priority", "pgrp", "pid", "todo", "cluster",
    "prototype", "groups", "cpus",
])  # fmt: skip
DEFAULTS = {
    "name": "", "prototype": "", "user": "ada", "priority": 9999, "cpus": 1, "max_cpus": -1,
    "cluster": "/", "groups": "", "hosts": "", "omithosts": "", "omitgroups": "", "account": "",
    "kind": "", "label": "", "notes": "", "reservations": "host.processors=1", "requirements": "",
    "restrictions": "", "dependency": "", "flagsstring": "", "retrysubjob": 0, "retrywork": 0,
    "retrywork_delay": 0, "timelimit": 0, "timeout": -1, "agenda_timelimit": 0, "pid": 0,
    "prod_show": "", "prod_shot": "", "prod_seq": "", "prod_client": "", "prod_dept": "",
    "prod_custom1": "", "prod_custom2": "", "prod_custom3": "", "prod_custom4": "",
    "prod_custom5": "", "preflights": "", "postflights": "", "domain": "", "mailaddress": "",
}  # fmt: skip


class QubeError(RuntimeError):
    """What a call of `qb` ends with here."""


class Supervisor:
    """Jobs, their instances and items, and workers.

    Attributes:
        unblock_frees_items: whether unblocking a job makes its blocked items pending, too.
        block_shows: whether a job that is blocked says so while an instance of it is at work.
        block_takes_items: whether blocking a job blocks its pending items, and unblocking it makes
            them pending.
        wakes: whether a job whose instances are blocked goes on by itself when an item of it is
            unblocked.
        settles: whether a job of which all items have ended is over without an instance that looks.
        unreachable: every call answers with nothing, as a client does that reaches nobody.
        largest: of how many jobs at most clients get the items; of more they get nothing.
        defers: whether a job has no items yet that was submitted so, or any job ("always").
        resources: how much others use, and how much there is, of what all hosts share; what is no
            list is told as it is.
        forbidden: what clients may not do; calls by name.
        violations: what was done that is not documented.
        before: what happens just before the next call with a name.
        after: what happens just after it.
        lost: of how many of the next calls the answers get lost on their way back, by name.
        dropped: how many of the next calls never arrive, and answer with nothing, by name.
    """

    def __init__(self):
        self.jobs = {}
        self.hosts = {}
        self.calls = []
        self.violations = []
        self.before = {}
        self.after = {}
        self.lost = {}
        self.dropped = {}
        self.unblock_frees_items = False
        self.block_shows = False
        self.block_takes_items = False
        self.wakes = False
        self.settles = False
        self.unreachable = False
        self.largest = None
        self.defers = False
        self.resources = {"global.renderbus": [0, 20]}
        self._registering = set()
        self.forbidden = []
        self.workers = None
        self._ids = itertools.count(1)
        self._assignments = itertools.count(1)
        self._ahead = 0.0

    def ask(self, me, call, arguments, keywords):
        """Do what the module was asked for; `me` is the environment of who asks."""
        answer = self._answer(me, call, arguments, keywords)
        for act in self.after.pop(call, []):
            act()
        if self.lost.get(call):
            self.lost[call] -= 1
            return []
        return answer

    def _answer(self, me, call, arguments, keywords):
        self.calls.append(call)
        for act in self.before.pop(call, []):
            act()
        if self.dropped.get(call):
            self.dropped[call] -= 1
            return []
        if self.unreachable:
            return {"currenttime": 0, "error": "no supervisor"}.get(call, [])
        if call in self.forbidden:
            return []
        if me.get("QBJOBID") and call in ("requestwork", "reportwork", "reportjob", "jobobj"):
            instance = self._instance(me)
            return getattr(self, "backend_" + call)(instance, *arguments)
        return getattr(self, call)(*arguments, **keywords)

    # Hands.

    def advance(self, seconds):
        """Let time pass."""
        self._ahead += seconds

    def add_host(self, name, processors=1, groups="", state="active", **more):
        host = {"name": name, "groups": groups, "state": state, "processors": processors}
        settings = {"worker_groups": groups, "worker_job_types": ""}
        self.hosts[name] = dict(host, cluster="/", restrictions="", settings=settings, **more)

    def configure(self, name, key, value):
        """Set a parameter of a worker, as `qbwrk.conf` does."""
        self.hosts[name]["settings"][key] = value

    def host_state(self, name, state):
        self.hosts[name]["state"] = state

    def register(self):
        """Have all jobs their items."""
        self._registering.clear()

    def reason(self, id_, text):
        self.jobs[int(id_)]["reason"] = text

    def submitted_at(self, id_, seconds):
        self.jobs[int(id_)]["timesubmit"] = seconds

    def take(self, host):
        """Have a worker take the next item that waits; return its job, name and instance."""
        for job in sorted(self.jobs.values(), key=lambda job: (job["priority"], job["id"])):
            if job["prototype"] == "renderbus" or job["status"] in TERMINAL:
                continue
            for instance in job["subjobs"]:
                if instance["status"] == "pending":
                    self._begin(job, instance, host)
                    work = self.backend_requestwork(instance)
                    if work["status"] == "running":
                        return [job["id"], work["name"], instance["id"]]
                    self.backend_reportjob(instance, work["status"])
        return None

    def finish(self, id_, name, instance, seconds=1.0, status="complete"):
        """Have a worker end what it took, and its instance."""
        self.advance(seconds)
        job = self.jobs[int(id_)]
        work = self._item(job, name)
        self.backend_reportwork(job["subjobs"][instance], dict(work, status=status))
        self._leave(job, job["subjobs"][instance], "pending")
        self._settle(job)

    def violation(self, name):
        self.violations.append(name)

    # What clients ask.

    def jobinfo(self, filters, id, status, agenda, subjobs, minid):  # noqa: A002 - qb's own word
        for name in set(filters) - FILTERS:
            self.violation("jobinfo filters by " + name)
        chosen = dict(filters)
        if status is not None:
            chosen["status"] = status
        if id is not None:
            chosen["id"] = id
        found = []
        for job in self.jobs.values():
            if minid is not None and job["id"] < minid:
                continue
            if all(self._fits(job, name, wanted) for name, wanted in chosen.items()):
                one = self.shown(job)
                if not agenda or job["id"] in self._registering:
                    one["agenda"] = []
                if not subjobs:
                    one["subjobs"] = []
                found.append(one)
        too_many = agenda and self.largest is not None and len(found) > self.largest
        return [] if too_many else found

    def _fits(self, job, name, wanted):
        if isinstance(wanted, list):
            if name not in ("id", "status"):
                self.violation("jobinfo filters {} by a list".format(name))
            if name == "id" and not all(isinstance(one, int) for one in wanted):
                self.violation("jobinfo is asked for an id that is no number")
            return job[name] in wanted
        return job[name] == wanted

    def hostinfo(self, filters, name, state):
        return [
            {
                "name": host["name"],
                "state": host["state"],
                "groups": host["groups"],
                "cluster": host["cluster"],
                "restrictions": host["restrictions"],
                "properties": "",
                "address": "127.0.0.1",
                "macaddress": "",
                "resources": "host.processors={}/{},host.memory=0/65536".format(
                    self._used(host), host["processors"]
                ),
            }
            for host in self.hosts.values()
            if name in (None, host["name"]) and state in (None, host["state"])
        ]

    def currenttime(self):
        return int(self._now())

    def getresources(self):
        return {
            name: [amounts[0] + self._reserved(name), amounts[1]]
            if isinstance(amounts, list)
            else amounts
            for name, amounts in self.resources.items()
        }

    def supervisorconfig(self):
        named = ("{}={}".format(name, amounts[1]) for name, amounts in self.resources.items())
        return {"supervisor_global_resources": ",".join(named)}

    def workerconfig(self, name):
        places = "/usr/local/pfx/qube/types:{}".format(self.workers.jobtypes)
        return {"worker_template_path": places, **self.hosts[name]["settings"]}

    def error(self):
        return ""

    def submit(self, jobs, deferred=True):
        made = [self._submit(job) for job in jobs]
        if self.defers and (deferred or self.defers == "always"):
            self._registering.update(job["id"] for job in made)
        return made

    def modify(self, changes, ids):
        for name in set(changes) - MODIFIABLE:
            self.violation("modify changes " + name)
        found = [self.jobs[int(one)] for one in ids if int(one) in self.jobs]
        for job in found:
            job.update(changes)
        return [job["id"] for job in found]

    def block(self, ids):
        return self._each(ids, self._block)

    def unblock(self, ids):
        return self._each(ids, self._unblock)

    def kill(self, ids):
        return self._each(ids, lambda job, one: self._end(job, one, "killed"))

    def retire(self, ids):
        return self._each(ids, lambda job, one: self._end(job, one, "complete"))

    def retry(self, ids):
        return self._each(ids, lambda job, one: self._again(job, one, "pending"))

    def requeue(self, ids):
        return self._each(ids, lambda job, one: self._again(job, one, "blocked"))

    def preempt(self, ids):
        return self._each(ids, self._preempt)

    def migrate(self, ids):
        return self._each(ids, self._migrate)

    def suspend(self, ids):
        return self._each(ids, lambda _, one: self._pause(one, "running", "suspended"))

    def resume(self, ids):
        return self._each(ids, lambda _, one: self._pause(one, "suspended", "running"))

    def remove(self, ids):
        found = [int(one) for one in ids if int(one) in self.jobs]
        for one in found:
            for instance in self.jobs[one]["subjobs"]:
                self.workers.stop_instance(instance)
            del self.jobs[one]
        return found

    def blockwork(self, ids):
        return self._change(ids, {"pending"}, "blocked")

    def unblockwork(self, ids):
        found = self._change(ids, {"blocked"}, "pending")
        if self.wakes:
            for one in found:
                for instance in self.jobs[int(one.partition(":")[0])]["subjobs"]:
                    if instance["status"] == "blocked":
                        instance["status"] = "pending"
        self._settle_all()
        return found

    def killwork(self, ids):
        return self._change(ids, set(TALLY) - TERMINAL, "killed")

    def retirework(self, ids):
        return self._change(ids, set(TALLY) - TERMINAL, "complete")

    def retrywork(self, ids):
        found = self._change(ids, TERMINAL, "pending")
        for one in found:
            # Somebody has to render it: an instance goes on that nobody has blocked.
            for instance in self.jobs[int(one.partition(":")[0])]["subjobs"]:
                if instance["status"] in TERMINAL | {"blocked"} and not instance["blocked"]:
                    instance["status"] = "pending"
        self._settle_all()
        return found

    def requeuework(self, ids):
        return self._change(ids, TERMINAL, "blocked")

    # What backends ask.

    def backend_jobobj(self, instance):
        job = self.shown(self._job_of(instance))
        del job["agenda"], job["subjobs"]
        return job

    def backend_requestwork(self, instance):  # noqa: PLR0911 - one for each answer of Qube
        job = self._job_of(instance)
        if instance["work"] is not None:
            self.violation("requestwork while an item is in hand")
        odd = instance["odd"] or job["odd"]
        if odd:
            instance["odd"] = job["odd"] = ""
            return {"status": odd, "name": ""}
        if instance["preempted"]:
            return {"status": "pending", "name": ""}
        if instance["blocked"]:
            return {"status": "blocked", "name": ""}
        for work in job["agenda"]:
            if work["status"] == "pending" and self._now() >= work["ready"]:
                return self._hand_out(job, instance, work)
        states = {work["status"] for work in job["agenda"]}
        if "pending" in states:
            return {"status": "waiting", "name": ""}
        if "running" in states:
            surplus = "disable_auto_complete" not in job["flagsstring"].split(",")
            return {"status": "complete" if surplus else "waiting", "name": ""}
        return {"status": "blocked" if "blocked" in states else "complete", "name": ""}

    def _hand_out(self, job, instance, work):
        work.update(
            host=instance["host"], subid=instance["id"], timestart=int(self._now()),
            timecomplete=EPOCH, count=work["count"] + 1,
        )  # fmt: skip
        failed = work["name"] in job["preflights_fail"]
        work["status"] = "failed" if failed else "running"
        instance["work"] = work["name"]
        return self._shown_item(work)

    def backend_reportwork(self, instance, work):
        job, status = self._job_of(instance), work["status"]
        mine = self._item(job, work["name"])
        if status not in ("running", "complete", "failed"):
            self.violation("reportwork with status " + status)
        for name, value in work.get("resultpackage", {}).items():
            if name == "progress" and not (isinstance(value, str) and 0 <= float(value) <= 1):
                self.violation("progress is a text between 0.00 and 1.00, not {!r}".format(value))
        if instance["work"] != work["name"]:
            self.violation("reportwork of an item that is not in hand: " + work["name"])
        if status != "running":
            instance["work"] = None
        if mine["status"] not in ("running", "failed") or mine["subid"] != instance["id"]:
            return  # It was taken from this instance meanwhile.
        mine["resultpackage"] = _texts(work.get("resultpackage", {}))
        mine["lastupdate"] = int(self._now())
        if status == "running":
            return
        mine["status"], mine["timecomplete"] = status, int(self._now())
        if status == "failed" and mine["retry"] < job["retrywork"]:
            mine["retry"] += 1
            mine.update(status="pending", ready=self._now() + job["retrywork_delay"])
        return

    def backend_reportjob(self, instance, status):
        job = self._job_of(instance)
        if isinstance(status, dict):
            job["resultpackage"] = _texts(status.get("resultpackage", {}))
            status = status["status"]
        if status not in ("complete", "failed", "pending", "blocked"):
            self.violation("reportjob with status " + status)
        instance["reported"] = True
        self._ended(job, instance, status)

    def exited(self, instance, code):
        """Do what a proxy does when its backend has ended."""
        job = self.jobs.get(instance["pid"])
        if job is not None and instance["status"] == "running":
            self._ended(job, instance, "complete" if code == 0 else "failed")

    def _ended(self, job, instance, status):
        """End an instance, or have it begin once more where the job allows that."""
        if status == "failed" and instance["retry"] < job["retrysubjob"]:
            instance["retry"] += 1
            status = "pending"
        self._leave(job, instance, status)
        self._settle(job)

    def dispatch(self, id_, host, instance=0):
        """Have a worker begin an instance: its process is started."""
        job = self.jobs[int(id_)]
        self._begin(job, job["subjobs"][instance], host)
        self.workers.start(job, job["subjobs"][instance])

    def lose_heartbeat(self, host):
        """Take a worker for dead: what it had in hand is for others, while its processes go on."""
        self.hosts[host]["state"] = "down"
        for job in self.jobs.values():
            for instance in job["subjobs"]:
                if instance["status"] == "running" and instance["host"] == host:
                    self._leave(job, instance, "pending")
            self._settle(job)

    def purge(self, id_):
        """Block a job and have workers drop what they have in hand: QubeUI's other way to block."""
        job = self.jobs[int(id_)]
        for instance in job["subjobs"]:
            if instance["status"] == "running":
                self.workers.stop_instance(instance)
                self._leave(job, instance, "pending")
            self._block(job, instance)
        self._settle(job)

    def fail_preflight(self, id_, name):
        self.jobs[int(id_)]["preflights_fail"].append(name)

    def answer_oddly(self, id_, status):
        """Answer the next request for work with a status that is not documented."""
        self.jobs[int(id_)]["odd"] = status

    # Inside.

    def shown(self, job):
        """Return a job as clients see it."""
        hidden = ("odd", "preflights_fail", "by_person")
        found = {name: value for name, value in job.items() if name not in hidden}
        found["agenda"] = [self._shown_item(work) for work in job["agenda"]]
        found["subjobs"] = [
            {
                name: one[name]
                for name in ("id", "pid", "status", "host", "count", "retry", "resultpackage")
            }
            for one in job["subjobs"]
        ]
        found["todo"] = len(job["agenda"])
        found["todotally"] = _tally(job["agenda"])
        found["cpustally"] = _tally(job["subjobs"])
        return found

    @staticmethod
    def _shown_item(work):
        return {name: value for name, value in work.items() if name != "ready"}

    def _submit(self, given):
        for name in set(given) - SUBMITTABLE:
            self.violation("a job is submitted with " + name)
        if given.get("name") is None:
            raise ValueError("a job needs a name")
        if given.get("status", "pending") not in ("pending", "blocked"):
            raise ValueError("a job is submitted as pending or blocked")
        groups = {name for host in self.hosts.values() for name in _names(host["groups"])}
        unknown = set(_names(given.get("groups", ""))) - groups
        if unknown:
            raise ValueError("unknown group {}".format(min(unknown)))
        flags = set(_names(given.get("flagsstring", "")))
        for name in flags - FLAGS:
            self.violation("a job is submitted with the flag " + name)
        number, now = next(self._ids), int(self._now())
        status = given.get("status", "pending")
        job = dict(DEFAULTS, **{n: v for n, v in given.items() if n not in ("agenda", "callbacks")})
        job.update(
            id=number, status=status, package=_texts(given.get("package", {})), reason="",
            data="", timesubmit=now, timestart=EPOCH, timecomplete=EPOCH, lastupdate=now,
            pgrp=given.get("pgrp") or number, env=given.get("env", {}), odd="", preflights_fail=[],
            resultpackage={},
        )  # fmt: skip
        job["agenda"] = [
            self._new_item(number, index, work, now)
            for index, work in enumerate(given.get("agenda") or [])
        ]
        cpus = int(job["cpus"])
        if job["agenda"] and "disable_cpu_limit" not in flags:
            cpus = min(cpus, len(job["agenda"]))
        job["subjobs"] = [
            {
                "id": index, "pid": number, "status": status, "host": "", "count": 0, "retry": 0,
                "preempted": False, "blocked": status == "blocked", "work": None, "odd": "",
                "assignment": 0, "reported": False, "resultpackage": {},
            }
            for index in range(cpus)
        ]  # fmt: skip
        self.jobs[number] = job
        return self.shown(job)

    def _new_item(self, number, index, work, now):
        status = work.get("status") or "pending"
        if status not in ("pending", "blocked", "complete"):
            raise ValueError("an item is submitted as pending, blocked or complete")
        for name in set(work) - ITEM_FIELDS:
            self.violation("an item is submitted with " + name)
        return {
            "id": index, "pid": number, "name": str(work["name"]), "status": status, "host": "",
            "subid": -1, "count": 0, "retry": 0, "retrydelay": 0, "timesubmit": now,
            "timestart": EPOCH, "timecomplete": EPOCH, "lastupdate": now, "address": "",
            "package": _texts(work.get("package", {})), "data": "",
            "resultpackage": _texts(work.get("resultpackage", {})), "result": "", "ready": 0.0,
        }  # fmt: skip

    def _each(self, ids, act):
        """Do something to all instances of jobs, or to those that are named."""
        found = []
        for one in ids:
            number, _, sub = str(one).partition(".")
            job = self.jobs.get(int(number))
            for instance in list(job["subjobs"]) if job else ():
                if not sub or instance["id"] == int(sub):
                    act(job, instance)
                    found.append("{}.{}".format(job["id"], instance["id"]))
            if job:
                self._settle(job)
        return found

    def _block(self, job, instance):
        instance["blocked"] = True
        if instance["status"] == "pending":
            instance["status"] = "blocked"
        for work in job["agenda"] if self.block_takes_items else ():
            if work["status"] == "pending":
                work["status"] = "blocked"

    def _unblock(self, job, instance):
        instance["blocked"] = False
        if instance["status"] == "blocked":
            instance["status"] = "pending"
        if self.unblock_frees_items or self.block_takes_items:
            for work in job["agenda"]:
                if work["status"] == "blocked":
                    work["status"] = "pending"

    def _end(self, job, instance, status):
        if instance["status"] not in TERMINAL:
            self.workers.stop_instance(instance)
            self._leave(job, instance, status)
        if all(one["status"] in TERMINAL for one in job["subjobs"]):
            for work in job["agenda"]:
                if work["status"] not in TERMINAL:
                    work.update(status=status, timecomplete=int(self._now()))

    def _again(self, job, instance, status):
        instance.update(status=status, blocked=status == "blocked", reported=False)
        for work in job["agenda"]:
            if work["status"] in ("failed", "killed"):
                work["status"] = status

    def _preempt(self, _job, instance):
        if instance["status"] == "running":
            instance["preempted"] = True

    def _migrate(self, job, instance):
        if instance["status"] == "running":
            self.workers.stop_instance(instance)
            self._leave(job, instance, "pending")

    def _pause(self, instance, before, after):
        if instance["status"] == before:
            self.workers.pause(instance, after == "suspended")
            instance["status"] = after

    def _change(self, ids, before, after):
        """Change items that are in some states; return those that were changed."""
        found, known = [], {}
        for one in ids:
            number, _, name = str(one).partition(":")
            job = self.jobs.get(int(number))
            if number not in known:
                known[number] = {work["name"]: work for work in job["agenda"]} if job else {}
            work = known[number].get(name)
            if work is not None and work["status"] in before:
                ended = int(self._now()) if after in TERMINAL else EPOCH
                work.update(status=after, timecomplete=ended, lastupdate=int(self._now()))
                found.append("{}:{}".format(number, name))
        self._settle_all()
        return found

    def _begin(self, job, instance, host):
        instance.update(
            status="running", host=host, preempted=False, work=None, reported=False,
            count=instance["count"] + 1, assignment=next(self._assignments),
        )  # fmt: skip
        if job["timestart"] == EPOCH:
            job["timestart"] = int(self._now())
        self._settle(job)

    def _leave(self, job, instance, status):
        """End what an instance does; an item that it has in hand is for others."""
        for work in job["agenda"]:
            if work["status"] == "running" and work["subid"] == instance["id"]:
                work.update(status="pending", subid=-1)
        instance.update(status=status, work=None, assignment=0)

    def _settle_all(self):
        for job in self.jobs.values():
            self._settle(job)

    def _settle(self, job):
        """Let what follows from instances and items follow."""
        states = {work["status"] for work in job["agenda"]}
        if self.settles and states and states <= TERMINAL:
            for instance in job["subjobs"]:
                if instance["status"] in ("pending", "blocked"):
                    instance["status"] = "complete" if states == {"complete"} else "failed"
        for instance in job["subjobs"]:
            # Nobody asks for work of which there is none to be had.
            if instance["status"] == "pending" and states and states <= TERMINAL | {"blocked"}:
                instance["status"] = "blocked" if "blocked" in states else "complete"
        order = ("running", "suspended", "pending", "blocked", "failed", "killed", "complete")
        now = {instance["status"] for instance in job["subjobs"]}
        job["status"] = next((word for word in order if word in now), job["status"])
        if self.block_shows and any(
            one["blocked"] for one in job["subjobs"] if one["status"] == "running"
        ):
            job["status"] = "blocked"
        if job["status"] in TERMINAL and job["timecomplete"] == EPOCH:
            job["timecomplete"] = int(self._now())

    def _instance(self, me):
        job = self.jobs.get(int(me["QBJOBID"]))
        if job is None:
            raise QubeError("there is no such job")
        instance = job["subjobs"][int(me["QBSUBID"])]
        if instance["assignment"] != int(me["QBASSIGNMENT"]):
            if instance["reported"]:
                self.violation("something is asked after reportjob")
            raise QubeError("this instance was given to somebody else")
        return instance

    def _job_of(self, instance):
        return self.jobs[instance["pid"]]

    @staticmethod
    def _item(job, name):
        return next(work for work in job["agenda"] if work["name"] == name)

    def _used(self, host):
        return sum(
            _weight(job["reservations"], host["processors"])
            for job, instance in self._begun()
            if instance["host"] == host["name"]
        )

    def _reserved(self, resource):
        """Return how much of what all hosts share is taken."""
        return sum(
            int(amount)
            for job, _ in self._begun()
            for name, _, amount in [one.partition("=") for one in _names(job["reservations"])]
            if name == resource
        )

    def _begun(self):
        for job in self.jobs.values():
            for instance in job["subjobs"]:
                if instance["status"] in ("running", "suspended"):
                    yield job, instance

    def _now(self):
        return time.time() + self._ahead


def _texts(package):
    """Return a package as it comes back: every value is text."""
    return {
        str(name): value if isinstance(value, str) else str(value)
        for name, value in package.items()
    }


def _tally(things):
    tally = dict.fromkeys(TALLY, 0)
    for one in things:
        tally[one["status"]] += 1
    return tally


def _names(text):
    return [name.strip() for name in str(text).split(",") if name.strip()]


def _weight(reservations, total):
    """Return how many processors an instance takes of a host that has so many."""
    for one in _names(reservations):
        name, _, amount = one.partition("=")
        if name == "host.processors":
            if amount == "all" or amount[-1:] in ("*", "+"):
                return total
            return int(amount.split("-")[-1])
    return 1
