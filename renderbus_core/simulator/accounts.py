"""What belongs to an account beside its tasks: the storages it may read and write."""

from __future__ import annotations

from dataclasses import dataclass

from renderbus_core.simulator.settings import Account, Settings
from renderbus_core.simulator.state import INPUT_BID, OUTPUT_BID, storage_name


@dataclass(frozen=True, slots=True)
class Storages:
    """Names of storages, for example `10201-10000001`.

    Args:
        writable: takes files of the account.
        readable: whose files the account may fetch; all that is writable is among them.
    """

    writable: frozenset[str]
    readable: frozenset[str]


def inputs_of(account: Account, settings: Settings) -> str:
    """Return the storage in which an account's tasks look for their files.

    A sub-account that shares capital uploads to its main account's.
    """
    return storage_name(INPUT_BID, settings.payer(account))


def storages_of(account: Account, settings: Settings) -> Storages:
    """Return what an account may write and read.

    It may write its own inputs and those that its tasks use, and read its outputs besides; a main
    account reads those of its sub-accounts too.
    """
    writable = {storage_name(INPUT_BID, account), inputs_of(account, settings)}
    family = (account, *settings.subs_of(account))
    outputs = {storage_name(OUTPUT_BID, each) for each in family}
    return Storages(frozenset(writable), frozenset(writable | outputs))
