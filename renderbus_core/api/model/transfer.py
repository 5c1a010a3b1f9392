"""The account's storages: how they are reached and what lies in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from renderbus_core.api.model.wire import Wire, concealed
from renderbus_core.config import Secret

_SECRET_MEMBERS = frozenset({"password"})


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineAccount(Wire):
    """Access to one storage through one engine."""

    bid: str = ""
    name: str = ""
    password: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferLine(Wire):
    """A server of an engine.

    Args:
        type: 1 private line, 0 public; None where the cloud does not tell.
    """

    line_id: int = 0
    name: str = ""
    server: str = ""
    port: str = ""
    is_default: int = 0
    type: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferEngine(Wire):
    """A program that moves files.

    Args:
        engine_name: for example `Aspera`, `RaySync`.
        check_exclud_type: extensions it leaves out, separated by commas.
        resq_engine_accounts: its access, by storage.
        resp_task_engine_lines: its servers.
    """

    engine_name: str = ""
    is_default: int = 0
    automatic_check: int = 0
    check_server: str = ""
    check_port: str = ""
    check_enable: str = ""
    check_exclud_type: str = ""
    resq_engine_accounts: tuple[EngineAccount, ...] = ()
    resp_task_engine_lines: tuple[TransferLine, ...] = ()

    @property
    def default_line(self) -> TransferLine | None:
        """The line to take when nobody chose another."""
        return next((line for line in self.resp_task_engine_lines if line.is_default), None)

    def account(self, bid: str) -> EngineAccount | None:
        """Return the access to a storage."""
        return next((each for each in self.resq_engine_accounts if each.bid == bid), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubUserOutput(Wire):
    """The output storage of a sub-account."""

    user_id: str = ""
    output_bid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferConfig(Wire):
    """Storage ids and the ways to reach them; passwords show only when they are asked to."""

    input_bid: str = ""
    output_bid: str = ""
    config_bid: str = ""
    parent_input_bid: str = ""
    resq_engines: tuple[TransferEngine, ...] = ()
    sub_user_output_bids: tuple[SubUserOutput, ...] = ()

    @classmethod
    def read(cls, data: object) -> Self:
        """Read the configuration, hiding its passwords first."""
        # Without arguments, super() does not find a class that was made anew for its slots.
        return super(TransferConfig, cls).read(concealed(data, _SECRET_MEMBERS))

    def engine(self, name: str) -> TransferEngine | None:
        """Return the engine of a name, in any case."""
        wanted = name.casefold()
        return next((e for e in self.resq_engines if e.engine_name.casefold() == wanted), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class RaysyncServer(Wire):
    """Addresses of a Raysync server."""

    server_ip: str = ""
    server_port: int = 0
    proxy_ip: str = ""
    proxy_port: int = 0
    ssl_port: int = 0
    port: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerInfo(Wire):
    """Where Raysync's servers are, and which versions they speak."""

    client_version: str = ""
    protocol_version: str = ""
    raysync_transfer: RaysyncServer = RaysyncServer()


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputFile(Wire):
    """One entry of the output storage.

    Args:
        file_path: from the root of the storage, with a leading slash.
        file_size: bytes; None on folders and where the cloud gives none.
        last_modify: China's time, 2026-01-31 18:00:00.
        is_arrears: 1 when it cannot be fetched before debts are paid.
    """

    file_name: str = ""
    file_path: str = ""
    file_size: int | None = None
    directory: bool = False
    last_modify: str = ""
    file_type: str = ""
    is_arrears: int = 0
