"""Whether this host is ready for a gateway that reaches Deadline over its Web Service."""

from __future__ import annotations

from deadline_plugin.rest.opening import open_farm
from renderbus_core.config import Config
from renderbus_core.errors import ConfigError, FarmError
from renderbus_core.installation import Diagnosis, look_at_credentials, look_at_store


def examine(config: Config) -> tuple[Diagnosis, ...]:
    """Look at everything that such a gateway needs; changes nothing.

    Args:
        config: of the bridge on this host.
    """
    return _service(config), look_at_credentials(config), look_at_store(config)


def _service(config: Config) -> Diagnosis:
    try:
        with open_farm(config, lambda _: None) as farm:
            queue = farm.snapshot()
    except (ConfigError, FarmError) as error:
        return Diagnosis("Web Service", False, str(error))
    found = f"{config.farm.url} answers: {len(queue.jobs)} jobs that wait, {queue.workers} workers"
    hidden = sum("environment" in row.traits for row in queue.jobs)
    if hidden:
        found += (
            f"; {hidden} of the jobs may need an environment that the cloud does not have, see "
            "docs/deadline.md"
        )
    return Diagnosis("Web Service", True, found)
