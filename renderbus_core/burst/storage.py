"""Choosing the transfer engine by what the account's transfer configuration offers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from renderbus_core.api import Client
from renderbus_core.config import Config, Secret
from renderbus_core.errors import TransferError
from renderbus_core.transfer import HttpStorageEngine, Storage, TransferEngine


def open_engine(client: Client, config: Config) -> TransferEngine:
    """Return the engine that moves files for an account.

    Args:
        client: of the account.
        config: names the engine.

    Raises:
        TransferError: the account does not offer it.
    """
    offer = client.transmit.get_transfer_config()
    engines = {str(row.get("engineName")).lower(): row for row in offer.get("resqEngines") or ()}
    wanted = config.transfer.engine
    if wanted not in engines:
        raise TransferError(
            f"the account offers the transfer engines {', '.join(sorted(engines)) or 'none'}, "
            f"and this release moves files with {wanted} only, which the simulator offers"
        )
    row = engines[wanted]
    accounts = {str(a["bid"]): a for a in row.get("resqEngineAccounts") or ()}
    return HttpStorageEngine(
        config.transfer.storage_url or _url(row, config.cloud.scheme),
        inputs=_storage(accounts, str(offer.get("inputBid"))),
        outputs=_storage(accounts, str(offer.get("outputBid"))),
    )


def _url(row: Mapping[str, Any], scheme: str) -> str:
    lines = row.get("respTaskEngineLines") or ()
    chosen = next((line for line in lines if line.get("isDefault")), None)
    if chosen is None:
        raise TransferError(
            "the account's transfer configuration names no default line; set transfer.storage_url"
        )
    return f"{scheme}://{chosen['server']}:{chosen['port']}/storage"


def _storage(accounts: Mapping[str, Mapping[str, Any]], bid: str) -> Storage:
    try:
        account = accounts[bid]
        return Storage(bid, str(account["name"]), Secret(str(account["password"])))
    except KeyError as error:
        raise TransferError(
            f"the account's transfer configuration has no access to storage {bid} ({error})"
        ) from error
