"""Keeping a gateway job alive, for house cleaning and for farms that have none.

Standard library only, Python 3.7 and up. Several machines may do it at once, and Deadline has no
locks: each looks, submits where there is none, and looks again. Of those that were submitted so,
the one with the least id stays; a second gateway that a person submitted is none of them.
"""

import time
import uuid
from pathlib import Path

from renderbus_gateway import GATEWAY, PLUGIN, ROLE, job_info, lines, plugin_info
from renderbus_intents import ASK_PREFIX, asked
from renderbus_record import CLAIMS_KEY, Record

KEPT_KEY = "renderbus_kept"
"""Extra info key of gateway jobs that were submitted here; its value is that job's alone, so that
a copy is known as one."""

# States in which a gateway job does its work, or will as soon as a worker is free or a person
# resumes it: who suspends it wants no other one.
_ALIVE = ("Active", "Pending", "Suspended")
_IN_QUEUE = (*_ALIVE, "Failed")


class Keeper:
    """Sees to it that a gateway job is there when one is due.

    Args:
        repository: `Deadline.Scripting.RepositoryUtils`.
        setting: gives a setting of the event plug-in, called with its name and a default.
    """

    def __init__(self, repository, setting):
        self._repository = repository
        self._setting = setting

    def is_due(self, intents, until):
        """Tell whether a gateway has work: always, unless the settings say on demand.

        Args:
            intents: how many wait to be acted on.
            until: by when to have looked, monotonic; whoever was not looked at may have work.
        """
        keep = self._setting("KeepGateway", "Always")
        if keep != "On Demand" or intents:
            return keep != "Never"
        for job in self._jobs(_IN_QUEUE):
            if time.monotonic() >= until or _holds(_wants, job):
                return True
        return False

    def keep(self, folder):
        """Submit a gateway job where none is alive, and withdraw what is one too many.

        Args:
            folder: for temporary files.

        Returns:
            What was done, in sentences.
        """
        said = []
        if not self._gateways():
            self._submit(Path(folder))
            said.append("a gateway job was submitted")
        for job in _surplus(self._gateways()):
            self._repository.CompleteJob(job)
            said.append("gateway job {} is one too many, and ends".format(job.JobId))
        return said

    def _jobs(self, states):
        for state in states:
            yield from self._repository.GetJobsInState(state)

    def _gateways(self):
        return [job for job in self._jobs(_ALIVE) if _holds(_is_gateway, job)]

    def _submit(self, folder):
        chosen = {
            name: str(self._setting(key, ""))
            for name, key in (
                ("pool", "GatewayPool"),
                ("group", "GatewayGroup"),
                ("limits", "GatewayLimits"),
                ("priority", "GatewayPriority"),
            )
        }
        mark = "{}={}".format(KEPT_KEY, uuid.uuid4().hex)
        files = []
        try:
            for info in (dict(job_info(**chosen), ExtraInfoKeyValue0=mark), plugin_info()):
                files.append(folder / "renderbus-{}.job".format(uuid.uuid4().hex))
                files[-1].write_text(lines(info), encoding="utf-8")
            self._repository.SubmitJob([str(file) for file in files])
        finally:
            for file in filter(Path.exists, files):
                file.unlink()


def _surplus(gateways):
    """Return those that were submitted here beside an older one; their copies are people's."""
    originals = {}
    for job in sorted(gateways, key=lambda job: str(job.JobId)):
        mark = str(job.GetJobExtraInfoKeyValueWithDefault(KEPT_KEY, "") or "")
        if mark:
            originals.setdefault(mark, job)
    return list(originals.values())[1:]


def _holds(rule, job):
    """Tell whether a rule holds for a job; none holds for one that cannot be read."""
    try:
        return bool(rule(job))
    except Exception:  # noqa: BLE001 - what an odd job raises nobody knows
        return False


def _is_gateway(job):
    if str(job.JobPlugin) != PLUGIN:
        return False
    keys = [str(key) for key in job.GetJobPluginInfoKeys()]
    return ROLE not in keys or str(job.GetJobPluginInfoKeyValue(ROLE)) == GATEWAY


def _wants(job):
    """Tell whether something of a job is held, or is asked of it."""
    keys = [str(key) for key in job.GetJobExtraInfoKeys() if str(key).startswith(ASK_PREFIX)]
    if any(asked(str(job.JobId), key, str(job.GetJobExtraInfoKeyValue(key))) for key in keys):
        return True
    entry = str(job.GetJobExtraInfoKeyValueWithDefault(CLAIMS_KEY, "") or "")
    return Record(str(job.JobId), entry).held > 0
