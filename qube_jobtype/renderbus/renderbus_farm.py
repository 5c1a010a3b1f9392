"""The farm agent of a whole Qube: carries out what the core asks, through `qb`.

Standard library only, Python 3.6 and up; everything happens on the thread that serves the link,
because nobody says that `qb` may be called on several.
"""

from renderbus_asks import Asks
from renderbus_claims import Claims
from renderbus_link import Pages
from renderbus_queue import Queue

CAPABILITIES = ("annotate", "complete", "fail", "intents")


class QubeFarm:
    """Answers the core's questions about a Qube.

    Args:
        jobs: of the Qube.
        gateways: group of gateway workers, which render nothing; "" for none.
        ask_seconds: how often Qube is asked whether anybody asks something.
    """

    def __init__(self, jobs, gateways="", ask_seconds=10.0):
        self._jobs = jobs
        self._queue = Queue(self._jobs, gateways)
        self._claims = Claims(self._jobs, self._queue.observe)
        self._asks = Asks(self._jobs, self._queue, ask_seconds)
        self.handlers = {
            "snapshot": lambda params: self._queue.snapshot(params["tasks_of"]),
            "job": self.job,
            "tasks": self.tasks,
            "claim": self._claims.claim,
            "complete": self._claims.complete,
            "fail": self._claims.fail,
            "release": self._claims.release,
            "annotate": self._asks.annotate,
            "annotations": self._asks.annotations,
            "intents": self._asks.intents,
            "acknowledge": self._asks.acknowledge,
        }

    def job(self, params):
        """Read one job."""
        found = self._jobs.holdings([params["id"]]).values()
        return {"found": [self._queue.native(holding.job) for holding in found]}

    def tasks(self, params):
        """Read all items of some jobs; jobs that are gone are absent."""
        found = self._jobs.holdings(params["ids"])
        for id_, holding in list(found.items()):
            if holding.has_nameless:
                # Another gateway may have claimed them since this one looked for claim jobs.
                found[id_] = self._jobs.holding(id_) or holding
            self._queue.observe(found[id_])
        rows = (row for holding in found.values() for row in self._queue.rows(holding))
        return Pages({}, {"tasks": rows})
