"""The account, the platform it renders on, and its storages."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from renderbus_core.simulator import catalogue
from renderbus_core.simulator.handlers.call import Call
from renderbus_core.simulator.protocol import INVALID, Refusal
from renderbus_core.simulator.replies import amount, cost
from renderbus_core.simulator.state import CONFIG_BID, INPUT_BID, OUTPUT_BID

_ENGINE = "HTTP"


def query_platforms(call: Call) -> list[dict[str, Any]]:
    """List the platforms of a zone."""
    return catalogue.platforms(call.body["zone"])


def query_user_profile(call: Call) -> dict[str, Any]:
    """Describe the account; what has been rendered is taken off its balance."""
    account, settings = call.account, call.settings
    spent = cost(call.world.seconds_of(account), settings)
    balance = amount(account.balance - Decimal(str(spent)))
    in_yuan = settings.currency == "CNY"
    return {
        "userId": account.user_id,
        "userName": account.user_name,
        "name": account.user_name,
        "platform": settings.platform,
        "zone": settings.zone,
        "status": 1,
        "infoStatus": 2,
        "accountType": 1,
        "userType": 1,
        "mainUserId": 0,
        "level": 1,
        "rmbbalance": balance if in_yuan else 0,
        "usdbalance": 0 if in_yuan else balance,
        "rmbCumulative": spent if in_yuan else 0,
        "usdCumulative": 0 if in_yuan else spent,
        "credit": 0,
        "coupon": 0,
        "cpuPrice": amount(settings.price_per_hour),
        "gpuPrice": amount(settings.price_per_hour),
        "shareMainCapital": 0,
        "useMainBalance": 0,
        "downloadDisable": 0,
        "subaccountLimits": 0,
        "blenderFlag": 1,
    }


def query_user_setting(call: Call) -> dict[str, Any]:
    """Describe the account's settings; none of them can be changed here."""
    del call
    return {
        "infoStatus": None,
        "accountType": None,
        "shareMainCapital": 0,
        "subDeleteTask": 0,
        "useMainBalance": 0,
        "singleNodeRenderFrames": "1",
        "maxIgnoreMapFlag": "1",
        "autoCommit": "2",
        "separateAccountFlag": 0,
        "downloadDisable": 0,
        "taskOverTime": 12,
        "taskOverTimeSec": 43200,
    }


def get_transfer_bid(call: Call) -> dict[str, Any]:
    """Name the account's storages; the names of these fields are in snake case on the wire."""
    del call
    return {
        "config_bid": CONFIG_BID,
        "input_bid": INPUT_BID,
        "output_bid": OUTPUT_BID,
        "parent_input_bid": "",
        "sub_user_output_bids": [],
    }


def get_transfer_config(call: Call) -> dict[str, Any]:
    """Name the account's storages and how they are reached."""
    return {
        "configBid": CONFIG_BID,
        "inputBid": INPUT_BID,
        "outputBid": OUTPUT_BID,
        "parentInputBid": None,
        "resqEngines": _engines(call),
        "subUserOutputBids": [],
    }


def get_hardware_config(call: Call) -> list[dict[str, Any]]:
    """List the machines that can be asked for."""
    return catalogue.hardware(call.settings.platform)


def query_supported_software(call: Call) -> dict[str, Any]:
    """List the programs that are rendered."""
    del call
    rows = catalogue.software()
    return {"isAutoCommit": 2, "renderInfoList": rows, "defaultCgId": rows[0]["cgId"]}


def query_supported_plugin(call: Call) -> dict[str, Any]:
    """List versions and plug-ins of one program."""
    detail = catalogue.software_detail(call.body["cgId"], call.body["osName"])
    if detail is None:
        raise Refusal(INVALID, f"cgId: {call.body['cgId']} is not rendered here")
    return detail


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
            "respTaskEngineLines": [line | {"isDefault": 1, "lineId": 1, "type": 0}],
            "resqEngineAccounts": [
                {"bid": bid, "name": name, "password": password} for bid in (INPUT_BID, OUTPUT_BID)
            ],
        }
    ]
