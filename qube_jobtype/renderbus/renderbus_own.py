"""The farm agent of one job of our own: its items are the frames, and nobody else renders them.

What the core decides about an item is written into the job's notes first: Qube takes it from us
only when it hands the item out, or by `qb.retirework`. Until then the notes are the truth, also for
the next instance of the job, wherever it is started.

Standard library only, Python 3.6 and up; `qb` is called on the thread that serves the link.
"""

from renderbus_link import Pages, frame_numbers
from renderbus_ownjob import OPEN, OwnJob
from renderbus_record import paths_of, patterns
from renderbus_words import (
    BLOCKED,
    CLOUD,
    COMPLETE,
    KILLED,
    PENDING,
    frames,
    legible,
    moment,
    native,
    now,
    ref,
    state,
    texts,
)

CAPABILITIES = ("annotate", "complete", "fail", "files")

FILES = "renderbus.files "
"""How facts begin that name the files of an item, with commas."""
NODE = "renderbus.node "
"""The same of the machines of the cloud that rendered it."""


HELD_BACK = "a person holds it back on the farm"
"""Why the core gives back what it was told is held back; a test compares this with the core's."""


class OwnFarm(OwnJob):
    """Answers the core's questions about one job.

    Args:
        qb: Qube's module.
        id_: of the job, a number.
        retires: whether frames that come home out of order are shown at once.
        log: takes a sentence for people.
        missed_at: see `OwnJob`.

    Attributes:
        files: paths of an item's pictures, by its name.
        nodes: machines that rendered an item, with commas, by its name.
    """

    def __init__(self, qb, id_, retires, log, missed_at=None):
        super().__init__(qb, id_, log, missed_at)
        self._retires = retires
        self.files = {}
        self.nodes = {}
        self.handlers = {
            "snapshot": self._snapshot,
            "job": lambda params: {
                "found": [self._native()] if self._is_mine(params["id"]) else []
            },
            "tasks": self._tasks,
            "claim": self._claim,
            "complete": self._complete,
            "fail": self._fail,
            "release": self._release,
            "annotate": self._annotate,
            "annotations": lambda _params: {"notes": self.notes.facts},
        }

    # What the instance asks.

    def waiting_items(self):
        """Return the names of items that a core which begins now finds waiting."""
        return {name for name in self.items if self._row(name)["state"] == "queued"}

    def free_items(self):
        """Return the names of items that Qube would hand out."""
        if self.is_halted:
            return set()
        return {name for name, (_, one) in self.items.items() if one["status"] == PENDING}

    def holder(self, name):
        """Return the burst that holds an item; "" for none."""
        claim = self.claim_on(self.items[name][0])
        return claim[0] if claim else ""

    def held_items(self):
        """Return the names of items that a burst holds: the cloud has them, or is to get them."""
        return {
            name
            for name, (place, _) in self.items.items()
            if self.claim_on(place) and self.fate(name) is None
        }

    def standing(self):
        """Return how each item stands, by name: what became of it, and whose it is."""
        return {
            name: (self.fate(name), self.claim_on(place)) for name, (place, _) in self.items.items()
        }

    @property
    def progress(self):
        """How much of the job is at home, as Qube has progress."""
        done = sum(self.fate(name) == (COMPLETE, "") for name in self.items)
        return "{:.2f}".format(done / max(len(self.items), 1))

    @property
    def has_failed(self):
        """Whether any item has failed, or will."""
        return any(one["status"] in (KILLED, "failed") for _, one in self.items.values())

    def result(self, name, fate):
        """Return the result package of an item."""
        facts = {}
        for said in self.notes.facts.values():
            facts.update(said)
        what, why = fate or ("", "")
        # They came home while another instance was at work.
        place, item = self.items[name]
        noted = paths_of(self.notes.files.get(place, ()), frames(name))
        home = ",".join(self.files.get(name) or noted) if what == COMPLETE else ""
        # As it was submitted: an item that is retired later has no other word of its pictures.
        told = "" if what == "failed" else texts(item.get("resultpackage")).get("outputPaths", "")
        node = self.nodes.get(name) or self.notes.nodes.get(place, "")
        found = {
            "progress": "1.00" if what == COMPLETE else self.progress,
            "outputPaths": home or told,
            "errors": [why] if why else [],
            "cloud_task": facts.get("renderbus.task", ""),
            "cloud": facts.get("renderbus.notice") or facts.get("renderbus.progress", ""),
            "cloud_node": node if what == COMPLETE else "",
            "cloud_cost": facts.get("renderbus.cost", ""),
        }
        return {key: value for key, value in found.items() if value}

    def settle(self, name, fate):
        """Write down that Qube was told what became of an item, and return how it shows it now."""
        shown = []

        def settled():
            place, item = self.items[name]
            shown.append(item["status"])
            # What is complete is settled by the look.
            if fate != COMPLETE and item["status"] == fate:
                # Who retries it wants it tried once more.
                self.forget(place)

        self.write(settled)
        return shown[-1]

    # What the core asks.

    def _snapshot(self, params):
        self.refresh()
        tasks = [self._row(name) for name in self.items]
        tally = {}
        for task in tasks:
            tally[task["state"]] = tally.get(task["state"], 0) + 1
        row = {
            "job": self._native(),
            "counts": tally,
            "claimed": sum(t["state"] == "suspended" and bool(t["claim"]) for t in tasks),
        }
        head = {"taken_at": now(), "workers": 0, "idle_workers": 0}
        chosen = tasks if str(self._id) in params["tasks_of"] else []
        return Pages(head, {"jobs": [row], "tasks": chosen})

    def _tasks(self, params):
        if str(self._id) not in params["ids"]:
            return Pages({}, {"tasks": []})
        self.refresh()
        return Pages({}, {"tasks": [self._row(name) for name in self.items if frames(name)]})

    def _claim(self, params):
        claim = params["claim"]
        mine = (claim["burst"], claim["claim_epoch"])

        def act(name, place):
            task = self._row(name)
            held = task["claim"]
            if task["state"] == "completed":
                return "already_complete"
            if held is None and task["state"] != "queued":
                return "not_queued"
            if held and (held["burst"] != mine[0] or held["claim_epoch"] > mine[1]):
                return "not_ours"
            self.let_go(place)
            self.notes.claims.setdefault(mine, set()).add(place)
            return ""

        return self._each(params, act)

    def _complete(self, params):
        claim = params["claim"]

        def act(name, place):
            if not self.holds(claim, place):
                return "already_complete" if self.fate(name) == (COMPLETE, "") else "not_ours"
            if self.items[name][1]["status"] in OPEN:
                self.notes.home.add(place)
                if name in self.files:
                    self.notes.files[place] = patterns(self.files[name], frames(name))
                if self.nodes.get(name):
                    self.notes.nodes[place] = self.nodes[name]
            return "" if self.fate(name) == (COMPLETE, "") else "not_ours"

        outcome = self._each(params, act)
        if self._retires:
            self._retire([ref["id"] for ref in outcome["taken"]])
        return outcome

    def _release(self, params):
        """Take frames back: what a person holds back waits for that person, the rest has failed.

        No worker renders them.
        """
        if params["why"] != HELD_BACK:
            return self._fail(params)
        claim = params["claim"]

        def act(name, place):
            if not self.holds(claim, place):
                return "already_complete" if self.fate(name) == (COMPLETE, "") else "not_ours"
            if self.fate(name) == (COMPLETE, ""):
                return "already_complete"
            self.forget(place)
            return ""

        return self._each(params, act)

    def _fail(self, params):
        """Mark frames as failed."""
        claim, why = params["claim"], legible(params["why"])

        def act(name, place):
            if self.notes.failed.get(place) == why:
                # Said before.
                return ""
            if not self.holds(claim, place):
                return "already_complete" if self.fate(name) == (COMPLETE, "") else "not_ours"
            if self.fate(name) == (COMPLETE, ""):
                return "already_complete"
            if self.items[name][1]["status"] in OPEN:
                self.notes.failed[place] = why
            self.let_go(place)
            return ""

        return self._each(params, act)

    def _annotate(self, params):
        facts = dict(params["facts"])
        for name in [name for name in facts if name.startswith(FILES)]:
            self.files[name[len(FILES) :]] = [one for one in facts.pop(name).split(",") if one]
        for name in [name for name in facts if name.startswith(NODE)]:
            # The cloud's word.
            said = map(legible, facts.pop(name).split(","))
            self.nodes[name[len(NODE) :]] = ",".join(said)
        burst = params["claim"]["burst"]
        if self.notes.note(burst, facts):
            self.write(lambda: self.notes.note(burst, facts))

    def _each(self, params, act):
        """Carry out a request item by item, and write down what came of it."""
        return self.write(lambda: self._act(params, act))

    def _act(self, params, act):
        taken, refused = [], []
        for ref_ in params["tasks"]:
            name = ref_["id"]
            if not self._is_mine(params["claim"]["job"]) or name not in self.items:
                why = "gone"
            elif frames(name) != frame_numbers(ref_["frames"]):
                why = "changed"
            else:
                why = act(name, self.items[name][0])
            if why:
                refused.append({"ref": ref_, "reason": why})
            else:
                taken.append(ref_)
        self.has_carried = self.has_carried or bool(taken)
        return {"taken": taken, "refused": refused}

    def _retire(self, names):
        """Show what came home although Qube has not handed it out, where that is allowed."""
        waits = [name for name in names if self.items[name][1]["status"] in (PENDING, BLOCKED)]
        if waits:
            self._qb.retirework(*["{}:{}".format(self._id, name) for name in waits])
            self.write(lambda: None)

    # Inside.

    def _row(self, name):
        place, item = self.items[name]
        fate, claim = self.fate(name), self.claim_on(place)
        what = {COMPLETE: "completed", "failed": "failed"}.get(fate[0]) if fate else None
        if what is None and self.is_killed:
            what = "failed"
        if what is None:
            word = state(item["status"])
            # What Qube has handed to this job is with us; held, the cloud has it.
            free = "queued" if word == "rendering" else word
            free = "suspended" if self.is_held_back(name) else free
            what = "suspended" if claim and word != "pending" else free
        return {
            "job": str(self._id),
            "ref": ref(item),
            "state": what,
            "claim": claim and {"burst": claim[0], "claim_epoch": claim[1]},
            "worker": CLOUD if what == "completed" else "",
            "finished_at": moment(item.get("timecomplete")),
            "error": fate[1] if fate else "",
            "held_back": what == "suspended" and self.is_held_back(name),
        }

    def _native(self):
        return native(self.job, self.items)

    def _is_mine(self, id_):
        return self.job is not None and str(id_) == str(self._id)
