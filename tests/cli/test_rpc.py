"""`renderbus rpc`: one request, one reply."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

INFO = {
    "Plugin": "MayaBatch",
    "Frames": "1-4",
    "OutputDirectory0": "/show/renders",
    "OutputFilename0": "shot.####.png",
}


def asked(home, text):
    done = subprocess.run(
        [sys.executable, "-m", "renderbus_core", "rpc"], input=text, env=home, text=True,
        capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def look(home, scene, farm="deadline", seconds=None, **info):
    job = {
        "id": "",
        "submitted_at": "2036-11-20T09:00:00+00:00",
        "job_info": INFO | info,
        "plugin_info": {"SceneFile": str(scene), "Version": "2023"},
        "auxiliary": [],
    }
    params = {"farm": farm, "job": job}
    if seconds is not None:
        params["frame_seconds"] = seconds
    return asked(home, json.dumps({"id": 7, "method": "look", "params": params}))


def test_a_job_that_is_not_submitted_yet_is_looked_at(home, root):
    scene = root / "examples" / "turntable" / "scenes" / "turntable.ma"
    reply = look(home, scene)
    assert (reply["jsonrpc"], reply["id"]) == ("2.0", 7)
    assert reply["result"]["can_be_sent"]
    ((cloud, local),) = reply["result"]["outputs"]
    assert cloud.endswith(".png")
    assert local == "/show/renders/shot.####.png"
    told = " ".join(one["message"] for one in reply["result"]["findings"])
    assert "there is no account here: the gateway asks the cloud" in told


def test_the_cloud_is_asked_where_there_is_an_account(home, root, cloud):
    scene = root / "examples" / "turntable" / "scenes" / "turntable.ma"
    told = [one["message"] for one in look(home | cloud, scene)["result"]["findings"]]
    assert not any("account here" in message for message in told)


def test_the_machines_are_told_that_the_cloud_has_and_the_site_lets_jobs_ask_for(
    home, root, cloud, tmp_path
):
    config = tmp_path / "renderbus.toml"
    config.write_text(
        '[money]\ncurrency = "USD"\nprice_per_hour = "1"\noptions_price_per_hour = "4"\n'
        '[[money.prices]]\nmodel = "28C"\nprice_per_hour = "3"\n'
        '[[money.prices]]\nmodel = "4090"\nprice_per_hour = "9"\n'
    )
    env = home | cloud | {"RENDERBUS_CONFIG": str(config)}
    scene = root / "examples" / "turntable" / "scenes" / "turntable.ma"
    found = look(env, scene, ExtraInfoKeyValue0="renderbus_hardware_model=28C")["result"]
    assert found["machines"] == [{"model": "28C", "ram": 64, "gpus": 0}]
    assert found["can_be_sent"]
    (dear,) = [look(env, scene, ExtraInfoKeyValue0="renderbus_hardware_model=4090")["error"]]
    assert "cost 9.00 USD an hour, and a job may ask for 4.00 USD" in dear["message"]


def test_a_job_costs_what_its_frames_take_here(home, root):
    env = home | {"RENDERBUS_MONEY_CURRENCY": "CNY", "RENDERBUS_MONEY_PRICE_PER_HOUR": "3.60"}
    scene = root / "examples" / "turntable" / "scenes" / "turntable.ma"
    found = look(env, scene, seconds=1000)["result"]
    assert found["estimate"] == "4.00 CNY"
    assert found["cost"].startswith("4 pictures cost about 4.00 CNY, between ")
    assert look(env, scene)["result"]["estimate"] is None


@pytest.mark.parametrize("seconds", [0, -1, "60", [1]])
def test_a_time_that_is_none_is_told(home, seconds):
    error = look(home, "/nowhere.ma", seconds=seconds)["error"]
    assert error == {"code": -32602, "message": "frame_seconds is a number above 0, or absent"}


@pytest.mark.parametrize(("change", "code", "sentence"), [
    ({"Fancy": "1"}, -32000, "Fancy=1: nobody knows what it means for the cloud"),
    ({}, -32000, "shot.ma"),
])  # fmt: skip
def test_what_cannot_be_sent_says_why(home, change, code, sentence):
    error = look(home, "/nowhere/shot.ma", **change)["error"]
    assert error["code"] == code
    assert sentence in error["message"]


@pytest.mark.parametrize(("text", "code"), [
    ("", -32700),
    ("nonsense", -32700),
    ("[]", -32700),
    ('{"method": "look", "params": {}}', -32602),
    ('{"method": "look", "params": 7}', -32602),
    ('{"method": "look", "params": {"farm": "deadline", "job": 7}}', -32000),
    ('{"method": "send", "params": {}}', -32601),
])  # fmt: skip
def test_what_is_no_request_is_told(home, text, code):
    assert asked(home, text)["error"]["code"] == code
