"""The account: who it is, what it may, what it has stored where, and what it did."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from renderbus_core.api.model.wire import Wire, concealed, named
from renderbus_core.config import Secret

_SECRET_MEMBERS = frozenset({"raySyncUserKey", "userKey", "signature"})


@dataclass(frozen=True, slots=True, kw_only=True)
class UserProfile(Wire):
    """The account; balances in the currency of their name, None where they are hidden.

    Args:
        main_user_id: of the main account, 0 when it is one itself.
        share_main_capital: 1 when its files lie in the main account's storages.
        use_main_balance: 1 when the main account pays.
        hide_balance: 1 when balances are not shown to it.
        hide_job_charge: 1 when costs of tasks are not shown to it.
        zone: 1 China, 2 overseas.
        cpu_price: per hour, in the currency of the zone.
        gpu_price: the same for machines with GPU.
    """

    user_id: int = 0
    user_name: str = ""
    platform: int = 0
    zone: int = 0
    status: int = 0
    info_status: int | None = None
    account_type: int | None = None
    user_type: int = 0
    level: int = 0
    main_user_id: int = 0
    rmbbalance: Decimal | None = None
    usdbalance: Decimal | None = None
    credit: Decimal | None = None
    coupon: Decimal | None = None
    cpu_price: Decimal | None = None
    gpu_price: Decimal | None = None
    share_main_capital: int = 0
    use_main_balance: int = 0
    sub_delete_task: int = 0
    hide_balance: int = 0
    hide_job_charge: int = 0
    download_disable: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSetting(Wire):
    """The account's settings; they are no part of the profile, whose names some of them share.

    Args:
        auto_commit: "1" off, "2" on.
        single_node_render_frames: frames per machine.
        task_over_time_sec: after how many seconds a task is reported as late.
    """

    info_status: int | None = None
    account_type: int | None = None
    share_main_capital: int = 0
    sub_delete_task: int = 0
    use_main_balance: int = 0
    single_node_render_frames: str = ""
    max_ignore_map_flag: str = ""
    auto_commit: str = ""
    separate_account_flag: int = 0
    manually_start_analysis_flag: int = 0
    download_disable: int = 0
    task_over_time_sec: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferBids(Wire):
    """Ids of the account's storages; the one reply whose wire names are in snake case."""

    config_bid: str = named("config_bid", "")
    input_bid: str = named("input_bid", "")
    output_bid: str = named("output_bid", "")
    parent_input_bid: str = named("parent_input_bid", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class RaysyncKey(Wire):
    """The account's key for Raysync; it shows only when it is asked to, in `raw` too."""

    ray_sync_user_key: Secret | None = None
    user_key: Secret | None = None
    user_name: str = ""
    id: int = 0
    platform: int = 0
    channel: int = 0

    @classmethod
    def read(cls, data: object) -> Self:
        """Read the key, hiding it first."""
        # Without arguments, super() does not find a class that was made anew for its slots.
        return super(RaysyncKey, cls).read(concealed(data, _SECRET_MEMBERS))


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationRecord(Wire):
    """Something a person or a program did to tasks.

    Args:
        button_name: what was done, for example `btn_restart`.
        task_ids: JSON text of the tasks' display names.
        create_time: when, as the cloud writes it.
        operate_source: where it was done: 1 to 4.
    """

    user_id: str = ""
    user_name: str = ""
    task_type: str = ""
    button_name: str = ""
    task_ids: str = ""
    channel: str = ""
    create_time: str = ""
    details: str = ""
    operate_source: int = 0
    request_ip: str = ""
    request_uri: str = named("requestURI", "")
    request_param: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginRecord(Wire):
    """A log-in.

    Args:
        login_status: "200", or the code that it was refused with.
        login_time: epoch milliseconds.
    """

    id: int = 0
    user_id: int = 0
    user_name: str = ""
    login_type: str = ""
    login_status: str = ""
    login_sta_desc: str = ""
    module_type: str = ""
    ip: str = ""
    login_time: int = 0
