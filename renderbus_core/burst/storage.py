"""Choosing the transfer engine by what the account's transfer configuration offers."""

from __future__ import annotations

from renderbus_core import api
from renderbus_core.config import Config
from renderbus_core.errors import TransferError
from renderbus_core.transfer import HttpStorageEngine, Storage, TransferEngine


def open_engine(client: api.Client, config: Config) -> TransferEngine:
    """Return the engine that moves files for an account.

    Args:
        client: of the account.
        config: names the engine.

    Raises:
        TransferError: the account does not offer it.
    """
    offer = client.transmit.get_transfer_config()
    wanted = config.transfer.engine
    row = offer.engine(wanted)
    if row is None:
        names = sorted(engine.engine_name.lower() for engine in offer.resq_engines)
        raise TransferError(
            f"the account offers the transfer engines {', '.join(names) or 'none'}, "
            f"and this release moves files with {wanted} only, which the simulator offers"
        )
    return HttpStorageEngine(
        config.transfer.storage_url or _url(row, config.cloud.scheme),
        inputs=_storage(row, offer.input_bid),
        outputs=_storage(row, offer.output_bid),
        parallel=config.transfer.parallel,
    )


def _url(row: api.TransferEngine, scheme: str) -> str:
    line = row.default_line
    if line is None:
        raise TransferError(
            "the account's transfer configuration names no default line; set transfer.storage_url"
        )
    return f"{scheme}://{line.server}:{line.port}/storage"


def _storage(row: api.TransferEngine, bid: str) -> Storage:
    account = row.account(bid)
    if account is None or account.password is None:
        raise TransferError(
            f"the account's transfer configuration has no access to storage {bid or 'without id'}"
        )
    return Storage(bid, account.name, account.password)
