"""The reference pages are those that the schemas and rules give, and name everything in them."""

from __future__ import annotations

import subprocess
import sys

from renderbus_core.package import programs
from renderbus_core.package.reference import fields, pages


def test_the_pages_are_current(root):
    folder = root / "docs" / "reference"
    kept = {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir()}
    assert kept == pages(), "python -m renderbus_core.package.reference docs/reference"


def test_the_pages_are_written_by_one_command(tmp_path):
    folder = tmp_path / "new" / "reference"
    command = [sys.executable, "-m", "renderbus_core.package.reference", str(folder)]
    subprocess.run(command, check=True)
    assert {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir()} == pages()


def test_every_program_has_a_page_with_all_that_it_adds():
    shared = {field.path for field in fields("task/base.json")}
    for name, program in programs().items():
        page = pages()[f"task_{name}.md"]
        assert f"](task_{name}.md)" in pages()["README.md"]
        own = {field.path for field in fields(program.schema)} - shared
        missing = {path for path in own if f"`{path}`" not in page}
        # Of two sections with the same members one is told in full.
        sections = {path.partition(".")[0] for path in missing}
        twins = {path.replace("scene_info.", "scene_info_render.") for path in own}
        assert len(sections) <= 1
        assert not missing or len(twins) == len(own - missing)


def test_lines_of_tables_have_as_many_cells_as_their_head():
    for text in pages().values():
        for table in text.split("\n\n"):
            lines = [line.replace("\\|", "") for line in table.splitlines() if line.startswith("|")]
            assert len({line.count("|") for line in lines}) <= 1
