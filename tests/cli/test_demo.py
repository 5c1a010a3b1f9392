"""The demonstration is a test of everything together: real processes, HTTP, files and pictures."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys

import pytest
from PIL import Image

QUICK = ("--renderer", "stand-in", "--speed", "20", "--json")


@pytest.fixture(scope="module")
def shown():
    """Return what was learned from one demonstration, played once for all tests here."""
    return {}


@pytest.fixture
def played(shown, renderbus, tmp_path_factory):
    if not shown:
        out = tmp_path_factory.mktemp("demo") / "out"
        shown["answer"] = renderbus("demo", *QUICK, "--keep", "--out", out)
        shown["out"] = out
    return shown


def test_it_ends_well_and_says_so_in_its_last_line(played):
    answer = played["answer"]
    assert answer.status == 0, answer.err
    summary = answer.lines[-1]
    assert summary["event"] == "summary"
    assert summary["problems"] == []
    counts = summary["tasks"]
    assert sum(counts.values()) == 28
    assert counts["cloud"] >= 4
    assert counts["returned"] == 1, "one frame failed in the cloud and was rendered by the farm"
    assert counts["local"] > counts["cloud"], "workers went on with the rest"
    assert float(summary["charged"]) > 0


def test_every_picture_is_at_its_output_path_and_opens(played):
    renders = played["out"] / "renders"
    pictures = sorted(renders.rglob("*.png"))
    assert len(pictures) == 28
    assert {picture.parent.name for picture in pictures} == {"spin", "turntable"}
    sizes = set()
    for picture in pictures:
        with Image.open(picture) as image:
            image.load()
            sizes.add(image.size)
    assert sizes == {(320, 180), (640, 360)}
    assert sorted(p.name for p in renders.rglob("*") if p.is_file()) == sorted(
        p.name for p in pictures
    ), "no temporary file is left"


def test_the_policy_and_the_life_of_the_burst_are_told(played):
    lines = played["answer"].lines
    decisions = [line for line in lines if line["event"] == "decision"]
    assert any(line["verdict"] == "burst" and "threshold" in line["reasons"] for line in decisions)
    states = [line["state"] for line in lines if line["event"] == "burst"]
    order = ["inspected", "checked", "staged", "claimed", "id_reserved", "running", "done"]
    assert [state for state in dict.fromkeys(states) if state in order] == order


def test_the_report_is_one_file_with_both_jobs(played):
    page = played["out"] / "report.html"
    text = page.read_text(encoding="utf-8")
    assert "spin" in text
    assert "turntable" in text
    assert "http://" not in text.replace("http://www.w3.org", "")


def test_status_reads_what_the_demonstration_kept(played, renderbus):
    config = played["out"] / "work" / "renderbus.toml"
    (burst,) = renderbus("--config", config, "status", "--json").json["bursts"]
    assert burst["state"] == "done"
    one = renderbus("--config", config, "status", burst["id"])
    assert one.status == 0
    assert "running -> done" in one.out


def test_secrets_of_the_run_stand_in_no_file_and_no_line(played):
    log = (played["out"] / "work" / "simulator.log").read_text()
    for text in (log, played["answer"].out, played["answer"].err):
        assert "access_key" not in text
    stored = (played["out"] / "work" / "renderbus.toml").read_text()
    assert "key" not in stored


@pytest.mark.heavy
def test_a_scene_with_a_missing_texture_stays_on_the_farm(renderbus, root, tmp_path):
    project = tmp_path / "mine"
    shutil.copytree(root / "examples" / "turntable", project)
    (project / "sourceimages" / "checker.png").unlink()
    scene = project / "scenes" / "mine.ma"
    (project / "scenes" / "turntable.ma").rename(scene)
    answer = renderbus("demo", *QUICK, "--scene", scene, "--out", tmp_path / "out")
    assert answer.status == 0, answer.err
    failed = [x for x in answer.lines if x["event"] == "burst" and x["state"] == "failed"]
    assert "checker.png" in failed[-1]["reason"]
    assert "checker.png" in answer.lines[-1]["failed_bursts"][0]
    assert answer.lines[-1]["tasks"]["cloud"] < 32
    tried = {x["burst"] for x in answer.lines if x["event"] == "burst"}
    assert len(tried & {x["burst"] for x in failed}) == 1, "a refused job is not tried again"
    uploads = [
        x for x in answer.lines if x.get("state") == "staged" and x["burst"] == failed[-1]["burst"]
    ]
    assert uploads == []


def test_a_folder_of_somebody_else_is_not_emptied(renderbus, tmp_path):
    (tmp_path / "thesis.txt").write_text("precious")
    answer = renderbus("demo", *QUICK, "--out", tmp_path)
    assert answer.status == 1
    assert "was not made by the demo" in answer.err
    assert (tmp_path / "thesis.txt").read_text() == "precious"


def test_a_scene_inside_the_folder_that_is_cleared_is_not_deleted(renderbus, root, tmp_path):
    shutil.copytree(root / "examples" / "turntable", tmp_path / "out" / "mine")
    (tmp_path / "out" / ".renderbus-demo").touch()
    scene = tmp_path / "out" / "mine" / "scenes" / "turntable.ma"
    answer = renderbus("demo", *QUICK, "--out", tmp_path / "out", "--scene", scene)
    assert answer.status == 1
    assert "name another --out" in answer.err
    assert scene.is_file()


@pytest.mark.heavy
def test_a_proxy_of_the_studio_and_an_odd_folder_are_no_hindrance(renderbus, tmp_path):
    out = tmp_path / 'we"ird ördner'
    dead = {"HTTP_PROXY": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9"}
    answer = renderbus("demo", *QUICK, "--out", out, env=dead)
    assert answer.status == 0, answer.err
    assert answer.lines[-1]["tasks"]["cloud"] > 0
    again = renderbus("demo", "--speed", "0", "--out", out)
    assert again.status == 2
    assert (out / "report.html").is_file()


@pytest.mark.skipif(os.name == "nt", reason="about signals of another system")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["TERM", "INT"])
@pytest.mark.heavy
def test_a_demonstration_that_is_ended_leaves_no_process_behind(number, tmp_path):
    out = tmp_path / "out"
    demo = subprocess.Popen(
        [sys.executable, "-m", "renderbus_core", "demo", "--renderer", "stand-in", "--json",
         "--out", str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )  # fmt: skip
    with demo:
        next(line for line in demo.stdout if '"rendering"' in line)
        demo.send_signal(number)
        demo.communicate(timeout=30)
    assert demo.returncode == 128 + number
    ps = [shutil.which("ps"), "-eww", "-o", "args"]
    shown = subprocess.run(ps, capture_output=True, text=True, check=True)
    assert [line for line in shown.stdout.splitlines() if str(out) in line] == []


@pytest.mark.skipif(os.name == "nt", reason="about signals of another system")
def test_a_demonstration_without_its_cloud_ends_with_a_sentence(tmp_path):
    demo = subprocess.Popen(
        [sys.executable, "-m", "renderbus_core", "demo", "--renderer", "stand-in", "--json",
         "--keep", "--out", str(tmp_path / "out")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    with demo:
        next(line for line in demo.stdout if '"rendering"' in line)
        shown = subprocess.run(
            [shutil.which("ps"), "-eww", "-o", "pid,args"],
            capture_output=True,
            text=True,
            check=True,
        )
        (cloud,) = (
            line.split()[0]
            for line in shown.stdout.splitlines()
            if "renderbus_core simulator" in line and str(tmp_path) in line
        )
        os.kill(int(cloud), signal.SIGKILL)
        _, said = demo.communicate(timeout=60)
    assert demo.returncode == 1
    assert "the simulator ended by itself" in said
