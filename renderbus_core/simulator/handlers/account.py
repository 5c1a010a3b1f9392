"""The account, its settings and its storages."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Any

from renderbus_core.simulator import fees
from renderbus_core.simulator.handlers.call import Call
from renderbus_core.simulator.protocol import INVALID, Refusal, milliseconds
from renderbus_core.simulator.replies import amount
from renderbus_core.simulator.state import CONFIG_BID, INPUT_BID, OUTPUT_BID

__all__ = [
    "get_raysync_user_key",
    "get_transfer_bid",
    "get_transfer_config",
    "query_user_profile",
    "query_user_setting",
    "update_user_setting",
]

_ENGINE = "HTTP"
_NORMAL, _COMPLETE = 1, 2
_MAIN, _SUB = 1, 2
_HOUR = 3600
_LONGEST_OVER_TIME = 365 * 24 * _HOUR
# The profile of an account says more than the simulator knows of it.
_NOT_KNOWN = {
    "phone": "",
    "email": "",
    "company": "",
    "job": "",
    "communicationNumber": "",
    "softType": 0,
    "softStatus": 0,
    "businessType": 0,
    "pictureLever": None,
    "description": "",
    "country": "",
    "city": "",
    "address": "",
    "useLevelDirectory": 0,
    "displaySubaccount": 0,
    "houdiniFlag": 1,
    "c4dFlag": 1,
    "blenderFlag": 1,
    "keyshotFlag": 1,
    "studentEndTime": None,
}


def query_user_profile(call: Call) -> dict[str, Any]:
    """Describe the account; one that shares capital shows its main account's money."""
    account, settings = call.account, call.settings
    return (
        _NOT_KNOWN
        | {
            "userId": account.user_id,
            "userName": account.user_name,
            "name": account.user_name,
            "platform": settings.platform,
            "zone": settings.zone,
            "status": _NORMAL,
            "infoStatus": _COMPLETE,
            "accountType": 1,
            "userType": _MAIN if account.main is None else _SUB,
            "mainUserId": account.main or 0,
            "level": 1,
            "subDeleteTask": 0,
            "downloadDisable": 0,
            "subaccountLimits": len(settings.subs_of(account)),
        }
        | _sharing(call)
        | _money(call)
    )


def _sharing(call: Call) -> dict[str, int]:
    shares = int(call.account.shares_capital)
    return {"shareMainCapital": shares, "useMainBalance": shares}


def _money(call: Call) -> dict[str, Any]:
    world, account = call.world, call.account
    hides = int(not account.shows_costs)
    in_yuan = call.settings.currency == "CNY"
    left, used = fees.balance(world, account), fees.consumed(world, account).total
    sums = {
        "rmbbalance": left if in_yuan else Decimal(0),
        "usdbalance": Decimal(0) if in_yuan else left,
        "rmbCumulative": used if in_yuan else Decimal(0),
        "usdCumulative": Decimal(0) if in_yuan else used,
        "credit": call.settings.payer(account).credit,
        "coupon": fees.coupon(world, account),
        "cpuPrice": fees.price(world, account),
        "gpuPrice": fees.price(world, account),
    }
    shown = {name: None if hides else amount(value) for name, value in sums.items()}
    return shown | {"hideBalance": hides, "hideJobCharge": hides}


def query_user_setting(call: Call) -> dict[str, Any]:
    """Describe the account's settings; only the time after which tasks are late can be changed."""
    seconds = call.state.over_time_seconds
    return {
        "infoStatus": None,
        "accountType": None,
        "subDeleteTask": 0,
        "singleNodeRenderFrames": "1",
        "maxIgnoreMapFlag": "1",
        "autoCommit": "2",
        "separateAccountFlag": 0,
        "mifileSwitchFlag": 0,
        "assfileSwitchFlag": 0,
        "manuallyStartAnalysisFlag": 0,
        "downloadDisable": 0,
        "taskOverTime": seconds // _HOUR,
        "taskOverTimeSec": seconds,
    } | _sharing(call)


def update_user_setting(call: Call) -> None:
    """Set after how many seconds later tasks are reported as late."""
    seconds = call.body["taskOverTimeSec"]
    if seconds > _LONGEST_OVER_TIME:
        raise Refusal(INVALID, f"taskOverTimeSec: must be at most {_LONGEST_OVER_TIME}")
    call.state.over_time_seconds = seconds


def get_transfer_bid(call: Call) -> dict[str, Any]:
    """Name the account's storages; the names of these fields are in snake case on the wire."""
    return {
        "config_bid": CONFIG_BID,
        "input_bid": INPUT_BID,
        "output_bid": OUTPUT_BID,
        "parent_input_bid": _parent_input(call) or "",
        "sub_user_output_bids": _sub_outputs(call),
    }


def get_transfer_config(call: Call) -> dict[str, Any]:
    """Name the account's storages and how they are reached."""
    return {
        "configBid": CONFIG_BID,
        "inputBid": INPUT_BID,
        "outputBid": OUTPUT_BID,
        "parentInputBid": _parent_input(call),
        "resqEngines": _engines(call),
        "subUserOutputBids": _sub_outputs(call),
    }


def _parent_input(call: Call) -> str | None:
    return INPUT_BID if call.account.main is not None else None


def _sub_outputs(call: Call) -> list[dict[str, str]]:
    return [
        {"userId": str(sub.user_id), "outputBid": OUTPUT_BID}
        for sub in call.settings.subs_of(call.account)
    ]


def _engines(call: Call) -> list[dict[str, Any]]:
    if call.line is None:
        return []
    password = call.line.passwords[call.account.user_id].reveal()
    name = str(call.account.user_id)
    line = {"name": "loopback", "server": call.line.server, "port": str(call.line.port)}
    return [
        {
            "engineName": _ENGINE,
            "isDefault": 1,
            "automaticCheck": 0,
            "checkServer": "",
            "checkPort": "",
            "checkEnable": "",
            "checkExcludType": "",
            "respTaskEngineLines": [line | {"isDefault": 1, "lineId": 1, "type": 0}],
            "resqEngineAccounts": [
                {"bid": bid, "name": name, "password": password} for bid in (INPUT_BID, OUTPUT_BID)
            ],
        }
    ]


def get_raysync_user_key(call: Call) -> dict[str, Any]:
    """Return a key for Raysync, which nothing here takes; the access key is no part of it."""
    account, settings = call.account, call.settings
    text = f"raysync {account.user_id} {account.access_id}"
    key = hashlib.blake2b(text.encode(), digest_size=20).hexdigest()
    return {
        "raySyncUserKey": key,
        "userKey": key,
        "userName": account.user_name,
        "platform": settings.platform,
        "channel": 4,
        "signature": "",
        "version": "",
        "id": account.user_id,
        "zone": settings.zone,
        "phone": "",
        "email": "",
        "loginTime": milliseconds(call.now),
        "infoStatus": _COMPLETE,
        "accountType": 1,
        "subDeleteTask": 0,
        "subDeleteCapital": 0,
        "downloadDisable": 0,
    } | _sharing(call)
