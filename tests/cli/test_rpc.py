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


def look(home, scene, farm="deadline", **info):
    job = {
        "id": "",
        "submitted_at": "2036-11-20T09:00:00+00:00",
        "job_info": INFO | info,
        "plugin_info": {"SceneFile": str(scene), "Version": "2023"},
        "auxiliary": [],
    }
    params = {"farm": farm, "job": job}
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
