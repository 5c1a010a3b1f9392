"""Opening the farm: the agent's own files, over HTTP, in this process."""

from __future__ import annotations

import importlib
import logging
import re
import sys
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import as_file, files
from typing import Any

from deadline_plugin.rest.repository import Repository
from deadline_plugin.rest.session import WebService
from renderbus_core.config import Config, farm_login
from renderbus_core.errors import ConfigError
from renderbus_core.farm import DirectFarm, Hello, Role
from renderbus_core.shim import renderbus_link

_COLUMN = re.compile(r"ExtraInfo([0-9])")
_CHECK_SECONDS = 30.0

_log = logging.getLogger(__name__)


def open_farm(config: Config, on_stop: Callable[[str], None]) -> DirectFarm:
    """Open Deadline over its Web Service.

    Args:
        config: where it is, who asks, and where this host sees the folders of its host.
        on_stop: never called: nobody but a person stops this gateway.

    Raises:
        ConfigError: a setting is missing or wrong.
        FarmError: there is no Web Service, or it does not listen to us.
    """
    del on_stop
    if not config.farm.url:
        raise ConfigError(
            "farm.url names no Web Service; write its address, for example "
            "https://deadline.example.com:4434"
        )
    column = _column(config.farm.status_column)
    certificates = str(config.farm.ca_bundle or "")
    service = WebService(config.farm.url, farm_login(config), certificates)
    jobs, agent = _agent("renderbus_jobs"), _agent("renderbus_farm")
    repository = Repository(service, jobs.IN_QUEUE, config.paths.mapping, _log.info)
    try:
        with repository.call("hello", _CHECK_SECONDS):
            repository.check()
    except BaseException:
        service.close()
        raise
    # How old a look may be is the repository's to say: it is what fetches all jobs.
    farm = agent.DeadlineFarm(repository, _log.warning, column, web=True, ask_seconds=0.0)
    hello = Hello(Role.AGENT, agent.FARM, frozenset(farm.capabilities))
    return DirectFarm(hello, _handlers(farm, repository), repository.call, service.close)


def _handlers(farm: Any, repository: Repository) -> Mapping[str, renderbus_link.Handler]:
    """Return what carries out each call; several jobs are read in one request."""

    def tasks(params: renderbus_link.Message) -> Any:
        repository.fetch(params["ids"])
        return farm.handlers["tasks"](params)

    return {**farm.handlers, "tasks": tasks}


def _column(name: str) -> str:
    """Return the digit of a column of extra info; "" for none."""
    found = _COLUMN.fullmatch(name)
    if name and not found:
        raise ConfigError(
            f"farm.status_column is {name!r}, and Deadline has no such column; "
            "write ExtraInfo0 to ExtraInfo9"
        )
    return found[1] if found else ""


@cache
def _agent(module: str) -> Any:
    """Return a module of those that run inside Deadline, which find each other by plain names."""
    # The same as the core's own, so that what they raise is what is caught.
    sys.modules.setdefault("renderbus_link", renderbus_link)
    with as_file(files("deadline_plugin") / "custom" / "plugins" / "Renderbus") as folder:
        sys.path.insert(0, str(folder))
        try:
            return importlib.import_module(module)
        finally:
            sys.path.remove(str(folder))
