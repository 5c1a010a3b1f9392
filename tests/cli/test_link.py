"""`--farm link`: the command as the child of a farm agent."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

ACCOUNT = {"RAYVISION_API_ACCESS_ID": "id", "RAYVISION_API_KEY": "key"}


@pytest.fixture
def core(tmp_path):
    """Return `renderbus run --farm link` with its pipes in the test's hands."""
    homes = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"), str(tmp_path))
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen(
        [sys.executable, "-m", "renderbus_core", "run", "burst-1", "--farm", "link"],
        text=True,
        env={**os.environ, **homes, **ACCOUNT},
        **pipes,
    ) as process:
        yield process


def hello(protocol):
    params = {"protocol": protocol, "role": "agent", "farm": "opera", "capabilities": []}
    return json.dumps({"jsonrpc": "2.0", "method": "hello", "params": params}) + "\n"


def test_another_major_version_has_its_own_exit_code_and_one_sentence(core):
    core.stdin.write(hello("2.0"))
    core.stdin.flush()
    out = core.stdout.read()
    assert core.wait(60) == 76
    assert core.stderr.read() == (
        "renderbus: the other side of the link speaks protocol '2.0' and this side 1.0; "
        "install the same version on both sides\n"
    )
    assert json.loads(out)["params"]["protocol"] == "1.0"


def test_without_an_agent_it_ends_with_a_sentence(core):
    _, err = core.communicate("", timeout=60)
    assert core.returncode == 1
    assert err == (
        "renderbus: the link is closed: the peer has hung up; see the log of the other side\n"
    )


def test_nothing_but_the_protocol_goes_to_standard_output(core):
    core.stdin.write(hello("1.0"))
    core.stdin.flush()
    assert [json.loads(line)["method"] for line in core.stdout] == ["hello"]
    assert core.wait(60) == 1
    assert "burst-1" in core.stderr.read()


def test_when_the_agent_goes_the_core_goes(core):
    _, err = core.communicate(hello("1.0"), timeout=60)
    assert core.returncode != 0
    assert "internal error" not in err
