"""The values of the configuration; `schemas/config.json` says what each is for."""

from __future__ import annotations

import dataclasses
import difflib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from renderbus_core.config.passwords import without_passwords
from renderbus_core.errors import ConfigError
from renderbus_core.money import Money
from renderbus_core.paths import PathMapping

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Cloud:
    """Which Renderbus service is called, and how; the proxy's URL may hold a password."""

    domain: str
    scheme: str
    platform: int
    language: str
    connect_timeout: float
    read_timeout: float
    attempts: int
    proxy: str = field(repr=False)
    ca_bundle: Path | None
    requests_per_second: float
    burst: int
    wire_log: bool
    project_name: str
    credentials_file: Path


@dataclass(frozen=True, slots=True)
class Transfer:
    """How files travel; `storage_url` is empty for the address that the account names."""

    engine: str
    storage_url: str = field(repr=False)
    parallel: int


@dataclass(frozen=True, slots=True)
class Collect:
    """How pictures come home."""

    when: str
    server_path: str
    existing: str
    unmapped: str
    unmapped_megabytes: int
    check: str


@dataclass(frozen=True, slots=True)
class Farm:
    """The render farm in the studio; what is not `kind` or `database` is of its web service."""

    kind: str
    database: Path
    url: str
    credentials_file: Path | None
    ca_bundle: Path | None
    plain_password: bool
    status_column: str
    agent: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Store:
    """Where bursts are remembered; the URL may hold a password."""

    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Paths:
    """Where this host finds the files that scenes name."""

    mapping: PathMapping
    roots: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class SoftwareRow:
    """What the cloud renders with for a version that the farm's jobs say; "" fits any renderer."""

    dcc: str
    version: str
    renderer: str
    cloud_version: str
    plugins: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Burst:
    """How a burst is carried through its life."""

    poll_seconds: float
    poll_seconds_idle: float
    sweep_seconds: float
    frame_time_limit_factor: float
    frame_time_limit_minimum: float
    machine_limit: int
    give_back_limit: int
    output_grace_seconds: float
    stop_grace_seconds: float
    submit_settle_seconds: float
    wait_limit_seconds: float
    stuck_factor: float
    approval_seconds: float
    urgent_priority: int | None
    takeover_seconds: float
    lease_seconds: float
    work_folder: Path
    os_name: str
    hardware_model: str
    hardware_ram: int
    hardware_gpus: int
    vendor_time_limits: bool
    overrides: tuple[str, ...]
    options_refused: tuple[str, ...]
    options_machine_limit: int
    software: tuple[SoftwareRow, ...]

    @property
    def task_settings(self) -> Mapping[str, str]:
        """What the site wants otherwise in task.json, by dotted path; a schema has judged it."""
        parted = (each.partition("=") for each in self.overrides)
        return {path: text for path, _, text in parted}

    def software_of(self, dcc: str, version: str, renderer: str) -> SoftwareRow | None:
        """Return the row for what a job is rendered with; None when there is none.

        Args:
            dcc: program.
            version: of it.
            renderer: in any case.
        """
        fitting = [
            row
            for row in self.software
            if (row.dcc, row.version) == (dcc, version)
            and row.renderer.casefold() in {"", renderer.casefold()}
        ]
        return max(fitting, key=lambda row: row.renderer != "", default=None)


@dataclass(frozen=True, slots=True)
class GatewayProcess:
    """How the process works that carries all bursts of a farm."""

    workers: int
    decide_seconds: float
    heartbeat_seconds: float


@dataclass(frozen=True, slots=True)
class Preflight:
    """What is looked at before anything is sent."""

    waive: tuple[str, ...]
    severity: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class BudgetRule:
    """A budget as configured; `*` gives one to each user or project, "" is for all of them."""

    amount: Money
    period: str
    user: str
    project: str


@dataclass(frozen=True, slots=True)
class PriceRule:
    """What machines of one kind cost; "", 0 and -1 fit any."""

    price_per_hour: Money
    model: str
    ram: int
    gpus: int


@dataclass(frozen=True, slots=True)
class Prices:
    """What the cloud costs and what it may cost; None is not configured.

    Args:
        price_per_hour: of machines that no row of the table is for.
        prices: the table, by machine.
        options_price_per_hour: of the dearest machine that a job may ask for itself.
    """

    price_per_hour: Money | None
    prices: tuple[PriceRule, ...]
    options_price_per_hour: Money | None
    currency: str | None
    budget: Money | None
    budget_day: Money | None
    budget_month: Money | None
    budget_job: Money | None
    budgets: tuple[BudgetRule, ...]
    warn_share: float
    hard_share: float

    def price_of(self, burst: Burst) -> Money | None:
        """Return what an hour of the machines costs that bursts ask for."""
        found = self.row_for(burst)
        return found.price_per_hour if found else self.price_per_hour

    def row_for(self, burst: Burst) -> PriceRule | None:
        """Return the row of the table for the machines that bursts ask for; None when none is.

        Of several, the one that names most of them holds.
        """
        fitting = [
            row
            for row in self.prices
            if row.model in {"", burst.hardware_model}
            and row.ram in {0, burst.hardware_ram}
            and row.gpus in {-1, burst.hardware_gpus}
        ]
        return max(fitting, key=_named, default=None)


def _named(row: PriceRule) -> int:
    return (row.model != "") + (row.ram != 0) + (row.gpus != -1)


@dataclass(frozen=True, slots=True)
class MappingRow:
    """A program with its renderer and plug-ins that farm and cloud have alike."""

    dcc: str
    version: str
    renderer: str
    plugins: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Parity:
    """When a frame of the farm and one of the cloud count as alike, and for which programs."""

    channel: float
    share: float
    mean: float
    mapping: tuple[MappingRow, ...]


@dataclass(frozen=True, slots=True)
class OverflowPolicy:
    """When tasks leave for the cloud without being asked, which, and how many."""

    enabled: bool
    backlog_tasks_per_worker: float
    minimum_wait_seconds: float
    maximum_frames: int
    maximum_bursts: int
    maximum_live_frames: int
    max_idle_remote: int
    take_back: bool
    snapshot_age_seconds: float
    candidates: int
    local_share_minimum: float
    split_jobs: bool
    probe: str
    dccs: tuple[str, ...]
    users: tuple[str, ...]
    projects: tuple[str, ...]
    departments: tuple[str, ...]
    pools: tuple[str, ...]
    groups: tuple[str, ...]
    opt_in: bool
    waive: tuple[str, ...]
    backlog_hours: float
    sustained_seconds: float
    relief: float
    cooldown_seconds: float
    bursts_per_round: int
    failures_in_a_row: int
    windows: tuple[str, ...]
    time_zone: str
    cloud_machines: int
    cloud_speed: float
    cloud_wait_seconds: float
    deadline_margin_seconds: float


@dataclass(frozen=True, slots=True)
class Config:
    """The whole configuration.

    Args:
        file: the TOML file that was read; None when there is none.
        sources: where each value comes from, by dotted key.
    """

    cloud: Cloud
    transfer: Transfer
    collect: Collect
    farm: Farm
    store: Store
    paths: Paths
    burst: Burst
    gateway: GatewayProcess
    preflight: Preflight
    money: Prices
    parity: Parity
    overflow: OverflowPolicy
    file: Path | None = None
    sources: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    @property
    def price_per_hour(self) -> Money | None:
        """What an hour of the machines costs that bursts ask for; None when nobody said."""
        return self.money.price_of(self.burst)

    def source(self, key: str) -> str:
        """Return where a value comes from: `default`, a file, or `environment NAME`.

        Args:
            key: dotted, for example `cloud.domain`.
        """
        if key not in self.sources:
            close = difflib.get_close_matches(key, self.sources, n=1)
            hint = f"; did you mean {close[0]}?" if close else "; see schemas/config.json"
            raise ConfigError(f"there is no configuration key {key!r}{hint}")
        return self.sources[key]

    def as_document(self) -> dict[str, Any]:
        """Return all values as the file would hold them, passwords in URLs left out."""
        return {name: _section(getattr(self, name)) for name in _SECTIONS}


_SECTIONS = (
    "cloud",
    "transfer",
    "collect",
    "farm",
    "store",
    "paths",
    "burst",
    "gateway",
    "preflight",
    "money",
    "parity",
    "overflow",
)


def _section(section: Any) -> dict[str, Any]:
    pairs = ((part.name, getattr(section, part.name)) for part in dataclasses.fields(section))
    return {name: _plain(value) for name, value in pairs if value is not None}


def _plain(value: object) -> object:
    """Turn a value into what a TOML file holds."""
    match value:
        case Path():
            return str(value)
        case Money():
            return format(value.amount, "f")
        case PathMapping():
            return [dataclasses.asdict(rule) for rule in value.rules]
        case BudgetRule() | PriceRule() | MappingRow() | SoftwareRow():
            return _section(value)
        case tuple():
            return [_plain(item) for item in value]
        case _:
            return without_passwords(value)
