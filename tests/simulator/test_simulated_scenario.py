"""Settings files, the command line that reads them, and the page that explains them."""

from __future__ import annotations

import json
import re
from decimal import Decimal

import pytest

from renderbus_core.cli import main
from renderbus_core.errors import InputError
from renderbus_core.simulator import (
    Fault,
    FaultKind,
    SecondSubmit,
    Settings,
    fault_of,
    read_scenario,
    scenario_of,
)

ACCOUNT = {"access_id": "SIM", "access_key": "key", "user_id": 5}


@pytest.fixture(scope="module")
def page(root):
    return (root / "docs/simulator.md").read_text(encoding="utf-8")


def blocks(page, language):
    return re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)


def test_the_example_of_the_page_is_read(page, tmp_path):
    (example,) = blocks(page, "json")
    (tmp_path / "studio.json").write_text(example, encoding="utf-8")
    scenario = read_scenario(tmp_path / "studio.json")
    settings = scenario.settings
    assert settings.price_per_hour == Decimal("1.20")
    assert settings.fail_frames == {7: 2}
    assert settings.second_submit is SecondSubmit.REFUSE
    studio, artist, locked = settings.accounts
    assert (studio.balance, studio.credit, studio.coupon) == (250, 50, 20)
    assert settings.payer(artist) is studio
    assert locked.refusal == 804
    assert studio.access_key.reveal() == "any-text-that-has-no-blanks"
    assert scenario.faults[1] == Fault(FaultKind.RESET_AFTER, frozenset({"submit_task"}), times=1)


def test_the_python_of_the_page_runs(page, tmp_path):
    (example,) = blocks(page, "python")
    names = {"folder": tmp_path}
    exec(compile(example, "docs/simulator.md", "exec"), names)  # noqa: S102 - our own page
    assert names["client"].user.query_user_profile().user_id == names["account"].user_id


def test_the_faults_of_the_page_are_read_and_none_is_left_out(page):
    for text in re.findall(r"--fault '([^']*)'", page):
        assert fault_of(text)
    told = re.findall(r"^\| `(\w+)` \| .* \| .* \| .*\|$", page, re.MULTILINE)
    assert set(told) >= set(FaultKind)


def test_the_mark_of_a_windows_editor_is_no_mistake(tmp_path):
    file = tmp_path / "studio.json"
    file.write_text('{"settings": {"nodes": 9}}', encoding="utf-8-sig")
    assert read_scenario(file).settings.nodes == 9


def test_what_is_left_out_has_its_default():
    assert scenario_of({}).settings == Settings()
    assert scenario_of({"settings": {"nodes": 9.0}}).settings.nodes == 9


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "must be of type object"),
        ({"setting": {}}, "did you mean 'settings'"),
        ({"settings": {"node": 3}}, "did you mean 'nodes'"),
        ({"settings": {"nodes": 0}}, "settings.nodes"),
        ({"settings": {"second_submit": "pay"}}, "settings.second_submit"),
        ({"settings": {"fail_frames": {"x": 1}}}, "settings.fail_frames"),
        ({"accounts": []}, "accounts"),
        ({"accounts": [{"access_id": "a"}]}, "accounts[0]"),
        ({"accounts": [ACCOUNT, ACCOUNT]}, "each account must have its own"),
        ({"accounts": [ACCOUNT | {"main": 7}]}, "main 7"),
        ({"accounts": [ACCOUNT | {"refusal": 1}]}, "refusal 1"),
        ({"accounts": [ACCOUNT | {"refusal": 200}]}, "refusal 200"),
        ({"accounts": [ACCOUNT | {"balance": "lots"}]}, "accounts[0].balance"),
        ({"faults": [{"kind": "htlm"}]}, "faults[0].kind"),
        ({"faults": [{"kind": "html", "operations": ["stop"]}]}, "'stop'"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused_in_one_sentence(document, said, tmp_path, capsys):
    file = tmp_path / "wrong.json"
    file.write_text(json.dumps(document))
    with pytest.raises(InputError) as caught:
        read_scenario(file)
    assert said in str(caught.value)
    assert main(["simulator", "--settings", str(file), "--storage", str(tmp_path / "cloud")]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
    assert not (tmp_path / "cloud").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        (b'{"settings": {"speed": Infinity}}', "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b" " * (2 << 20), "is larger than"),
        (None, "cannot be read"),
    ],
)
def test_what_is_no_settings_file_is_told_so(content, said, tmp_path):
    file = tmp_path / "wrong.json"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InputError, match=said):
        read_scenario(file)


def test_secrets_of_a_file_are_not_told_when_something_is_wrong(tmp_path, capsys):
    file = tmp_path / "wrong.json"
    rows = [ACCOUNT | {"access_key": "the key that has blanks"}]
    file.write_text(json.dumps({"accounts": rows}))
    assert main(["simulator", "--settings", str(file), "--storage", str(tmp_path / "cloud")]) == 1
    said = capsys.readouterr().err
    assert "accounts[0].access_key" in said
    assert "blanks" not in said


def test_options_come_before_the_file(start_simulator, tmp_path):
    file = tmp_path / "studio.json"
    settings = {"nodes": 9, "speed": 7}
    faults = [{"kind": "html", "times": 1}]
    file.write_text(json.dumps({"settings": settings, "accounts": [ACCOUNT], "faults": faults}))
    options = ["--settings", str(file), "--nodes", "2", "--fault", "stop_task:status_500"]
    with start_simulator(tmp_path / "cloud", *options) as process:
        state = process.state()
        assert process.ready["access_id"] == "SIM"
        assert state["nodes"]["all"] == 2
        assert state["speed"] == 7
        assert [fault["kind"] for fault in state["faults"]] == ["html", "status_500"]


def test_a_wrong_option_is_told_in_one_sentence(tmp_path, capsys):
    for options in (
        ["--fault", "x:html"],
        ["--fail-frame", "x"],
        ["--fail-frame", "7:0"],
        ["--settings", str(tmp_path)],
    ):
        assert main(["simulator", "--storage", str(tmp_path / "cloud"), *options]) in {1, 2}
        assert "Traceback" not in capsys.readouterr().err
