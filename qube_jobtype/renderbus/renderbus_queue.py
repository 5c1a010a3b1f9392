"""The queue as the link has it: jobs with counts, items where something is to be learned, workers.

Standard library only, Python 3.6 and up. A worker of the link is a host here, whatever its slots:
how many instances of a job one host runs follows from the job's reservations.
"""

import time

from renderbus_jobs import SupervisorError
from renderbus_link import Pages
from renderbus_record import CLAIM, WHEN_KEY, About, is_ours
from renderbus_words import (
    CLOUD,
    COMPLETE,
    FAILED,
    KILLED,
    OVER,
    RUNNING,
    counts,
    is_held,
    legible,
    limit,
    moment,
    names,
    native,
    now,
    processors,
    ref,
    seconds,
    shares,
    state,
    tasks_per_worker,
    texts,
    waits_for,
)

# The core looks twice in a row: at all jobs, then at the items of some. It is one look at Qube.
_SAME_LOOK_SECONDS = 5.0
# Jobs whose items nobody asked for: a look at a long queue is not to keep the core waiting.
_DUE_AT_ONCE = 200


class Queue:
    """Reads the queue.

    Args:
        jobs: of Qube.
        gateways: group of the workers that carry our own jobs, and render nothing; "" for none.

    Attributes:
        told: what people did to items that bursts hold, as `(job, names, kind, note)`.
        wanted_back: names of held items that people killed in a claim job, by job and claim job.
    """

    def __init__(self, jobs, gateways=""):
        self.told = []
        self.wanted_back = {}
        self._jobs = jobs
        self._gateways = gateways
        # By job: its completed items when they were timed, the mean, and of how many it is.
        self._means = {}
        self._look = (0.0, None)
        self._listed_at = None
        self._wishes = []
        self._priorities = {}
        self._agendas = {}

    def snapshot(self, wanted):
        """Read all rows, and the items of some jobs.

        Args:
            wanted: ids of those jobs.

        Raises:
            SupervisorError: Qube does not answer with all there is.
        """
        taken_at, listed, hosts, limits = self._listing(bool(wanted))
        if not hosts:
            # Where nothing could render, all would go to the cloud.
            raise SupervisorError("Qube names no workers, so nobody knows how busy they are")
        found = {str(job["id"]): job for job in listed if not is_ours(job)}
        claims = {
            str(job["pid"]): job for job in listed if About(job).kind == CLAIM and is_ours(job)
        }
        held = {id_ for id_ in found if self._jobs.claims_on(id_)} | set(claims)
        self._forget_all_but(found)
        in_order = sorted(found.items(), key=_order)
        due = [id_ for id_, job in in_order if self._is_worth_a_look(job)][:_DUE_AT_ONCE]
        asked = dict.fromkeys([*wanted, *sorted(held), *due])
        read = self._jobs.holdings(asked)
        lost = [id_ for id_ in asked if id_ in found and id_ not in read]
        if lost:
            raise SupervisorError("job {} was in Qube's queue a moment ago".format(lost[0]))
        for id_ in sorted(held):
            if id_ in read:
                self.observe(read[id_])
                # Jobs that are not in the queue any more may have items that bursts hold.
                found.setdefault(id_, read[id_].job)
            elif id_ in claims and self._jobs.is_gone(id_):
                # Nobody will ever act on what is about a job that is gone.
                self._jobs.qb.kill(int(claims[id_]["id"]))
        kinds, size = self._kinds(hosts)
        rows, tasks = [], []
        for id_, job in sorted(found.items(), key=_order):
            holding = read.get(id_)
            rows.append(self._row(job, holding, size, limits))
            if id_ in wanted and holding is not None:
                tasks.extend(self.rows(holding))
        head = {
            "taken_at": taken_at,
            "workers": sum(kind["count"] for kind in kinds),
            "idle_workers": sum(kind["idle"] for kind in kinds),
            "kinds": kinds,
            "limits": [{"name": name, "most": most} for name, most in sorted(limits.items())],
        }
        return Pages(head, {"jobs": rows, "tasks": tasks})

    def observe(self, holding):
        """Let claim jobs follow what people and workers did, and see what people want back."""
        self.wanted_back[holding.id] = {}
        for copy in holding.copies:
            # Also when the original is gone.
            self._jobs.let_go(copy, [name for name in copy.items if not copy.has_let_go(name)])
            self._jobs.show(copy, "killwork", list(copy.items))
        for claim in holding.claims:
            seen = {kind: [] for kind in ("back", "begun", "home", "ended", "over", "")}
            for name in claim.items:
                seen[_seen(holding, claim, name)].append(name)
            self._jobs.let_go(claim, seen["begun"] + seen["ended"])
            for act, kind in (("retirework", "home"), ("killwork", "over")):
                # What was killed there alone is held until it is back.
                if seen[kind] or not seen["back"]:
                    self._jobs.show(claim, act, seen[kind])
            if seen["ended"]:
                # What is retried afterwards is to begin anew, here.
                self.told.append((holding.id, seen["ended"], "requeued", "killed in Qube"))
            if seen["back"]:
                self.wanted_back[holding.id][claim.id] = seen["back"]

    def wishes(self, seconds):
        """Return the ids of jobs in the queue that ask for the cloud by their package.

        Args:
            seconds: how old the last look at the queue may be.
        """
        if self._listed_at is None or time.monotonic() - self._listed_at >= seconds:
            self._listing(goes_on=False)
        return self._wishes

    def rows(self, holding):
        """Give the items of a job as the link has them."""
        held = is_held(holding.job)
        return [_task_row(holding, name, item, held) for name, item in holding.items.items()]

    def native(self, job):
        """Return a job in Qube's words, with the names of its items where they were ever read."""
        agenda = job.get("agenda")
        if agenda:
            # Items have their names for as long as the job is there.
            self._agendas[str(job["id"])] = tuple(str(item["name"]) for item in agenda)
        return native(job, self._agendas.get(str(job["id"])))

    def _listing(self, goes_on):
        """Return the time, jobs, hosts and limits; those of a moment ago where a look goes on."""
        at, look = self._look
        self._look = (0.0, None)
        if goes_on and look is not None and time.monotonic() - at < _SAME_LOOK_SECONDS:
            return look
        taken_at, listed = now(), self._jobs.in_queue()
        hosts = self._jobs.sure(self._jobs.qb.hostinfo)
        look = taken_at, listed, hosts, self._limits(listed)
        self._listed_at = time.monotonic()
        self._wishes = [
            str(job["id"])
            for job in look[1]
            if not is_ours(job) and texts(job.get("package")).get(WHEN_KEY) == "now"
        ]
        if not goes_on:
            self._look = (time.monotonic(), look)
        return look

    def _limits(self, listed):
        """Return how many instances at a time may have what all workers share, by limit.

        What Qube does not count holds nothing back, and where no job reserves any it is not asked.
        """
        amounts, here = {}, {}
        for job in listed:
            running = int((job.get("cpustally") or {}).get(RUNNING, 0))
            for name, amount in shares(job.get("reservations")).items():
                here[name] = here.get(name, 0) + running * amount
                if not is_ours(job):
                    amounts.setdefault(name, {1}).add(amount)
        counted = self._jobs.resources() if amounts else {}
        found = {}
        for name, (used, total) in counted.items():
            # What is used beyond what is used here is people's, or another farm's.
            left = max(total - max(used - here.get(name, 0), 0), 0)
            found.update((limit(name, each), left // each) for each in amounts.get(name, ()))
        return found

    def _is_worth_a_look(self, job):
        """Tell whether the items of a job are read although nobody asked for them.

        Either their names are not known, or so many were completed since they were timed.
        """
        named = str(job["id"]) in self._agendas or texts(job.get("package")).get("range")
        if not named and int(job.get("todo") or 0) > 0:
            return True
        done = int((job.get("todotally") or {}).get(COMPLETE, 0))
        before = self._means.get(str(job["id"]), (0, None, 0))[0]
        return done > before and done * 2 >= before * 3

    def _row(self, job, holding, size, limits):
        id_ = str(job["id"])
        has_items = int(job.get("todo") or 0) > 0
        tally = job.get("todotally") if has_items else job.get("cpustally")
        row = {
            "job": self.native(job if holding is None else holding.job),
            "counts": counts(tally, is_held(job)),
            "limits": sorted(_limit_names(job).intersection(limits)),
            "tasks_per_worker": tasks_per_worker(job.get("reservations"), size),
            "most_workers": None,
            "waits_for": "a person has blocked it"
            if is_held(job)
            else waits_for(job.get("reason")),
        }
        if holding is not None:
            tasks = self.rows(holding)
            row["claimed"] = sum(_is_claimed(task) for task in tasks)
            times = [
                taken
                for name, item in holding.items.items()
                if holding.claim_on(name) is None
                for taken in [seconds(item)]
                if taken is not None
            ]
            mean = sum(times) / len(times) if times else None
            done = int((job.get("todotally") or {}).get(COMPLETE, 0))
            self._means[id_] = (done, mean, len(times))
            self._watch_priority(job, row["claimed"])
        _, row["mean_seconds"], row["timed"] = self._means.get(id_, (0, None, 0))
        return row

    def _forget_all_but(self, found):
        """Forget what is known of jobs that are not in the queue any more."""
        for known in (self._means, self._priorities, self._agendas, self.wanted_back):
            for id_ in [id_ for id_ in known if id_ not in found]:
                del known[id_]

    def _watch_priority(self, job, claimed):
        id_, priority = str(job["id"]), job.get("priority")
        before = self._priorities.get(id_, priority)
        if claimed and before != priority:
            note = "its priority was changed from {} to {}".format(before, priority)
            self.told.append((id_, None, "priority", note))
        self._priorities[id_] = priority

    def _kinds(self, hosts):
        """Count the workers that can render by their groups, and say how large one is."""
        found, idle, sizes = {}, {}, []
        for host in hosts:
            mine = tuple(sorted(names(host.get("groups"))))
            if host.get("state") != "active" or self._gateways in mine:
                continue
            used, total = processors(host.get("resources"))
            if not total:
                continue
            sizes.append(total)
            found[mine] = found.get(mine, 0) + 1
            idle[mine] = idle.get(mine, 0) + (not used)
        kinds = [
            {"count": count, "idle": idle[mine], "groups": list(mine)}
            for mine, count in sorted(found.items())
        ]
        return kinds, sorted(sizes)[len(sizes) // 2] if sizes else 1


def _seen(holding, claim, name):
    """Say what became of an item that a claim job names.

    Returns:
        `back`: a person killed it there, and it is still held; `begun`: a worker has begun it;
        `home`: it is complete; `ended`: a person ended it; `over`: the burst let go of it, or it
        failed there; "" where the claim job says the same.
    """
    if name not in holding.items:
        return ""
    status, mine = holding.status(name), claim.status_of(name)
    if mine in OVER:
        wanted = mine == KILLED and status not in OVER and claim.holds(name, status)
        return "back" if wanted else ""
    if claim.has_let_go(name):
        return "over"
    ended = "over" if claim.why(name) else "ended"
    return {COMPLETE: "home", RUNNING: "begun", FAILED: ended, KILLED: ended}.get(status, "")


def _task_row(holding, name, item, held):
    claim, status = holding.claim_on(name), holding.status(name)
    worker = str(item.get("host") or "")
    if status in OVER and claim is not None:
        worker = CLOUD
    return {
        "job": holding.id,
        "ref": ref(item),
        "state": state(status, held),
        "claim": claim and {"burst": claim.burst, "claim_epoch": claim.epoch},
        "worker": worker,
        "started_at": moment(item.get("timestart")),
        "finished_at": moment(item.get("timecomplete")) if status in OVER else None,
        "error": legible(claim.why(name)) if claim is not None else "",
    }


def _is_claimed(task):
    return task["state"] == "suspended" and task["claim"] is not None


def _limit_names(job):
    """Return the limits that each instance of a job counts against.

    One that takes several of a thing counts once against it, and against how many such there fit.
    """
    taken = shares(job.get("reservations")).items()
    return {limit(name, each) for name, amount in taken for each in (1, amount)}


def _order(pair):
    """Jobs in the order in which Qube would begin them: 1 is the highest priority."""
    _, job = pair
    return int(job.get("priority") or 0), int(job["id"])
