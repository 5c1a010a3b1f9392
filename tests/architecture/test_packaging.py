"""What is installed: every package, every schema, the examples; and the wheel works elsewhere."""

from __future__ import annotations

import configparser
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def setup_cfg(root):
    parser = configparser.ConfigParser()
    parser.read(root / "setup.cfg")
    return parser


def test_the_list_of_packages_is_the_list_of_folders(root, setup_cfg):
    listed = set(setup_cfg["options"]["packages"].split())
    found = {
        ".".join(folder.parent.relative_to(root).parts)
        for top in ("deadline_plugin", "qube_jobtype", "renderbus_core", "schemas")
        for folder in (root / top).rglob("__init__.py")
    }
    assert listed == found | {"renderbus_core.examples"}


def test_every_dependency_has_a_lower_bound(setup_cfg):
    needs = setup_cfg["options"]["install_requires"].split("\n")
    extras = [
        line for key in setup_cfg["options.extras_require"].values() for line in key.split("\n")
    ]
    for need in filter(None, needs + extras):
        if not need.startswith(("#", "renderbus-bridge[", "types-")):
            assert ">=" in need, need


@pytest.fixture(scope="module")
def wheel(root, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", str(out), str(root)],
        check=True,
        capture_output=True,
    )
    (made,) = out.glob("*.whl")
    return made


@pytest.mark.heavy
def test_the_wheel_holds_schemas_templates_and_examples(wheel, root):
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder, inside in (("schemas", "schemas"), ("examples", "renderbus_core/examples")):
        for file in (root / folder).rglob("*"):
            if file.is_file() and file.suffix not in {".pyc", ".md"}:
                assert f"{inside}/{file.relative_to(root / folder)}" in names
    assert "renderbus_core/web/templates/report.html.j2" in names
    assert "renderbus_core/py.typed" in names
    for file in (root / "renderbus_core" / "burst" / "migrations").iterdir():
        assert f"renderbus_core/burst/migrations/{file.name}" in names
    assert not any(name.startswith("tests/") for name in names)


@pytest.mark.heavy
@pytest.mark.timeout(900)
def test_the_wheel_runs_the_demo_in_a_fresh_environment_from_another_folder(wheel, tmp_path):
    environment = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    scripts = environment / ("Scripts" if os.name == "nt" else "bin")
    subprocess.run(
        [scripts / "python", "-m", "pip", "install", "--quiet", f"{wheel}[demo]"], check=True
    )
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = subprocess.run(
        [scripts / "renderbus", "demo", "--json", "--speed", "20", "--renderer", "stand-in"],
        cwd=elsewhere,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["problems"] == []
    assert (elsewhere / "renderbus-demo" / "report.html").is_file()
