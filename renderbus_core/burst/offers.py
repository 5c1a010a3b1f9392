"""Asking the cloud what it offers, before a burst costs anything.

The answers change with releases of the platform, so all bursts of a gateway share them for some
minutes; what the account has left is asked for each burst.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from renderbus_core import package
from renderbus_core.api import Client, SupportedPlugins, UserProfile
from renderbus_core.errors import RequestRefusedError
from renderbus_core.money import Money

T = TypeVar("T")

_FRESH = timedelta(minutes=10)
_CHINA = 1


@dataclass(slots=True)
class Offers:
    """What the cloud offers by program and system, asked again when it is some minutes old."""

    _known: dict[tuple[str, str], tuple[datetime, package.Offer]] = field(default_factory=dict)

    def of(self, client: Client, cg_id: str, system: str, now: datetime) -> package.Offer:
        """Return what is offered for a program; a question that is refused leaves a sentence.

        Args:
            client: of the cloud.
            cg_id: number of the program.
            system: of the render machines, `windows` or `linux`.
            now: UTC.

        Raises:
            CloudError: the cloud cannot be asked now.
        """
        asked_at, offer = self._known.get((cg_id, system), (None, package.Offer()))
        if asked_at is None or now - asked_at > _FRESH:
            offer = _asked(client, cg_id, system)
            self._known[cg_id, system] = now, offer
        return offer


def with_account(offer: package.Offer, profile: UserProfile) -> package.Offer:
    """Return the same offer to one account.

    Args:
        offer: to anybody.
        profile: of the account.
    """
    account = package.Account(
        profile.user_name,
        may_download=not profile.download_disable,
        left=_left(profile),
    )
    return replace(offer, account=account)


def _asked(client: Client, cg_id: str, system: str) -> package.Offer:
    silence: list[str] = []

    def answer(operation: str, what: str, ask: Callable[[], T]) -> T | None:
        # Older generations of the protocol lack some questions.
        if operation not in client.capabilities:
            return None
        try:
            return ask()
        except RequestRefusedError as error:
            silence.append(f"the cloud does not say which {what} it has: {error}")
            return None

    programs = answer(
        "query_supported_plugin",
        "versions and plug-ins",
        lambda: client.query.supported_plugin(cg_id, system),
    )
    machines = answer("get_hardware_config", "machines", client.user.get_hardware_config)
    releases = None if programs is None else _releases(programs)
    return package.Offer(releases, machines, silence=tuple(silence))


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
