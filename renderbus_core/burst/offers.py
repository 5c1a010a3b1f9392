"""Asking the cloud what it offers, before a burst costs anything.

The answers change with releases of the platform, so all bursts of a gateway share them for some
minutes; what the account has left is asked for each burst.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import TypeVar

from renderbus_core import package
from renderbus_core.api import Client, SupportedPlugins, UserProfile
from renderbus_core.errors import RequestRefusedError
from renderbus_core.money import Money

T = TypeVar("T")

_FRESH = timedelta(minutes=10)
_CHINA = 1
_COMMITS_NOT = "1"
_QUESTIONS: Mapping[str, str] = MappingProxyType(
    {
        "query_supported_plugin": "which versions and plug-ins it has",
        "get_hardware_config": "which machines it has",
        "error_detail": "what codes of an analysis mean",
        "query_user_setting": "how the account is set up",
    }
)


@dataclass(slots=True)
class Offers:
    """What the cloud offers by program and system, asked again when it is some minutes old."""

    _known: dict[tuple[str, str], tuple[datetime, package.Offer]] = field(default_factory=dict)

    def of(self, client: Client, dcc: str, system: str, now: datetime) -> package.Offer:
        """Return what is offered for a program; a question that is refused leaves a sentence.

        Args:
            client: of the cloud.
            dcc: the program.
            system: of the render machines, `windows` or `linux`.
            now: UTC.

        Raises:
            CloudError: the cloud cannot be asked now.
        """
        asked_at, offer = self._known.get((dcc, system), (None, package.Offer()))
        if asked_at is None or now - asked_at > _FRESH:
            number = package.program(dcc).cg_id
            offer = _asked(client, number, system, package.codes_of(dcc))
            self._known[dcc, system] = now, offer
        return offer


def of_task(client: Client, documents: package.Documents) -> package.Offer:
    """Ask what is offered for a task and to the account, and what its codes mean.

    Args:
        client: of the account.
        documents: of the task; its schema accepts task.json.

    Raises:
        CloudError: the cloud cannot be asked now.
    """
    number = documents.task["task_info"]["cg_id"]
    system = package.system_of(documents.task)
    offer = _asked(client, number, system, tuple(documents.tips))
    return with_account(offer, client, client.user.query_user_profile())


def with_account(offer: package.Offer, client: Client, profile: UserProfile) -> package.Offer:
    """Return the same offer to one account.

    Args:
        offer: to anybody.
        client: of the account.
        profile: of the account.
    """
    silence: list[str] = []
    setting = _answer(client, "query_user_setting", client.user.query_user_setting, silence)
    account = package.Account(
        profile.user_name,
        may_download=not (profile.download_disable or (setting and setting.download_disable)),
        left=_left(profile),
        commits=setting is None or setting.auto_commit != _COMMITS_NOT,
    )
    return replace(offer, account=account, silence=(*offer.silence, *silence))


def _asked(client: Client, cg_id: str, system: str, codes: Sequence[str]) -> package.Offer:
    silence: list[str] = []

    programs = _answer(
        client,
        "query_supported_plugin",
        lambda: client.query.supported_plugin(cg_id, system),
        silence,
    )
    machines = _answer(client, "get_hardware_config", client.user.get_hardware_config, silence)
    details = (
        _answer(client, "error_detail", lambda: client.query.error_detail(codes), silence)
        if codes
        else ()
    )
    return package.Offer(
        None if programs is None else _releases(programs),
        machines,
        tips={
            row.code: package.Explanation(row.type, row.des_description_cn, row.des_solution_cn)
            for row in details or ()
        },
        silence=tuple(silence),
    )


def _answer(client: Client, operation: str, ask: Callable[[], T], silence: list[str]) -> T | None:
    """Ask one question; None where it is refused, or this generation of the protocol lacks it."""
    if operation not in client.capabilities:
        return None
    try:
        return ask()
    except RequestRefusedError as error:
        silence.append(f"the cloud does not say {_QUESTIONS[operation]}: {error}")
        return None


def _releases(programs: SupportedPlugins) -> dict[str, dict[str, tuple[str, ...]]]:
    return {
        version.cg_version: {
            plugin.plugin_name: tuple(
                # The cloud writes name and version with a blank.
                release.plugin_version.removeprefix(f"{release.plugin_name} ")
                for release in plugin.plugin_versions
            )
            for plugin in programs.plugins_of(version)
        }
        for version in programs.cg_version
    }


def _left(profile: UserProfile) -> Money | None:
    """Return what an account can spend; None where that is hidden, or machines are paid already."""
    currency = "CNY" if profile.zone == _CHINA else "USD"
    balance = profile.rmbbalance if currency == "CNY" else profile.usdbalance
    prices = {price for price in (profile.cpu_price, profile.gpu_price) if price is not None}
    if profile.hide_balance or balance is None or prices == {Decimal(0)}:
        return None
    nothing = Decimal(0)
    return Money(balance + (profile.coupon or nothing) + (profile.credit or nothing), currency)
