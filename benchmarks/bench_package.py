"""How fast task documents are judged, side by side with merely decoding them.

Run: python benchmarks/bench_package.py [--assets N] [--rounds N] [--json] [--check]
"""

from __future__ import annotations

import argparse
import copy
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from rich.console import Console
from rich.table import Table

from renderbus_core import package, schema
from renderbus_core.package import json_text
from renderbus_core.package.judgement import check_some

_WIDTH = 110
_BAD = 1_000
_MOST_TIMES = 2
_TASK_MILLISECONDS = 5
_TASK_BYTES = 5_000
_FEW = 10_000

Document = dict[str, Any]


@dataclass(frozen=True)
class Row:
    """One comparison.

    Args:
        what: is measured.
        ours: median in milliseconds.
        other: the same of what ours is compared with.
        ratio: how many times as long ours takes; median of the rounds.
        goal: in words; empty when there is none.
        reached: whether the goal is; None when there is none.
    """

    what: str
    ours: float
    other: float
    ratio: float
    goal: str = ""
    reached: bool | None = None


class Bench:
    """Measures things that take turns, so that a busy machine slows both.

    Args:
        assets: in the long list.
        rounds: of each measurement.
    """

    def __init__(self, assets: int, rounds: int) -> None:
        self._rounds = rounds
        self._good: Document = {"asset": [_asset(number) for number in range(assets)]}

    def uploads(self) -> Iterator[Row]:
        """Compare judging a long upload.json by its schema with decoding its text."""
        faults: dict[str, Callable[[Document], object]] = {
            "good": dict.copy,
            f"{_BAD:,} without server": _nameless,
            f"{_BAD:,} with a slip": lambda asset: asset.update(lokal="x"),
            f"{_BAD:,} with 3 faults": lambda asset: asset.update(hash="0", local="", lokal=1),
        }
        for name, fault in faults.items():
            row = self._judged(name, self._spoiled(fault, _BAD))
            yield _limited(row, _MOST_TIMES)
        yield self._judged("all wrong", self._spoiled(_nameless, len(self._good["asset"])))

    def alone(self) -> Iterator[Row]:
        """Compare with jsonschema without the quick look at each entry."""
        few = json.loads(json.dumps({"asset": self._good["asset"][:_FEW]}))
        usual = Draft202012Validator(schema.load("upload.json"))
        yield self._row(
            f"the same, {_FEW:,} files, and jsonschema alone",
            lambda: schema.problems("upload.json", few),
            lambda: list(usual.iter_errors(few)),
        )

    def whole(self) -> Iterator[Row]:
        """Compare reading strictly, and asking all rules, with decoding."""
        text = json.dumps(self._good)
        with tempfile.TemporaryDirectory(prefix="bench-package-") as folder:
            path = Path(folder, "upload.json")
            path.write_text(text, encoding="utf-8")
            yield self._row("read it strictly", lambda: json_text.read(path), _decoder(text))
        present = {"task": task(), "upload": json.loads(text), "asset": {"asset": []}, "tips": {}}
        yield self._row("check it with all rules", lambda: check_some(present), _decoder(text))

    def tasks(self) -> Iterator[Row]:
        """Measure a task of usual size: good, and with wrong values."""
        good = package.Documents(task(), {"asset": [_asset(0)]}, {"asset": []}, {})
        bad = copy.deepcopy(good)
        for key in ("tiles", "os_name", "job_stop_time", "platform", "channel"):
            bad.task["task_info"][key] = "wrong"
        for name, documents in (("good", good), ("5 wrong values", bad)):

            def check(documents: package.Documents = documents) -> object:
                return package.check(documents)

            text = json.dumps(documents.task, indent=4)
            row = self._row(f"check a task of {len(text):,} bytes, {name}", check, _decoder(text))
            reached = row.ours < _TASK_MILLISECONDS
            yield Row(row.what, row.ours, row.other, 0, f"< {_TASK_MILLISECONDS} ms", reached)

    def _spoiled(self, fault: Callable[[Document], object], many: int) -> str:
        document = copy.deepcopy(self._good)
        for asset in document["asset"][:: max(1, len(document["asset"]) // many)]:
            fault(asset)
        return json.dumps(document)

    def _judged(self, name: str, text: str) -> Row:
        document = json.loads(text)
        return self._row(
            f"judge upload.json, {name}",
            lambda: schema.violations("upload.json", document),
            _decoder(text),
        )

    def _row(self, what: str, ours: Callable[[], object], other: Callable[[], object]) -> Row:
        ours()  # what is loaded and built once is not measured
        pairs = [(_seconds(ours), _seconds(other)) for _ in range(self._rounds)]
        return Row(
            what,
            1000 * statistics.median(mine for mine, _ in pairs),
            1000 * statistics.median(theirs for _, theirs in pairs),
            statistics.median(mine / theirs for mine, theirs in pairs),
        )


def task() -> Document:
    """Return a good task.json of Maya with as many layers as make it 5 KB long."""
    rules = schema.load("task/base.json")["properties"]["task_info"]["properties"]
    settings = {key: rule["default"] for key, rule in rules.items() if "default" in rule}
    common = {
        "all_camera": ["persp", "cam"],
        "render_camera": ["cam"],
        "frames": "1-100[1]",
        "start": "1",
        "end": "100",
        "by_frame": "1",
        "width": "1920",
        "height": "1080",
        "image_file_prefix": "shot",
        "image_format": "exr",
        "renderer": "arnold",
    }
    document: Document = {
        "software_config": {"cg_name": "Maya", "cg_version": "2023", "plugins": {"mtoa": "5.2"}},
        "task_info": settings
        | {"cg_id": "2000", "platform": "62", "input_cg_file": "/show/tex/0.ma", "os_name": "0"}
        | {"job_stop_time": "3600", "task_stop_time": "7200", "is_layer_rendering": "0"},
        "scene_info_render": {},
    }
    number = 0
    while len(json.dumps(document, indent=4)) < _TASK_BYTES:
        layer = {"renderable": "1", "common": copy.deepcopy(common)}
        document["scene_info_render"][f"layer{number}"] = layer
        number += 1
    return document


def _asset(number: int) -> Document:
    path = f"/show/tex/{number}.ma" if number == 0 else f"/show/tex/wood/albedo_{number:07}.png"
    return {"local": f"/mnt{path}", "server": path}


def _nameless(asset: Document) -> None:
    del asset["server"]


def _limited(row: Row, times: float) -> Row:
    reached = row.ratio <= times
    return Row(row.what, row.ours, row.other, row.ratio, f"<= {times:g}x", reached)


def _decoder(text: str) -> Callable[[], object]:
    return lambda: json.loads(text)


def _seconds(what: Callable[[], object]) -> float:
    began = time.perf_counter()
    kept = what()
    took = time.perf_counter() - began
    del kept  # freeing it is nobody's time
    return took


def table(rows: list[Row]) -> Table:
    """Return rows for people."""
    made = Table(title="Task documents, medians", title_justify="left")
    for heading in ("what", "ours", "compared with", "ratio", "goal", ""):
        made.add_column(heading, justify="left" if heading in {"what", "goal", ""} else "right")
    for row in rows:
        sign = {None: "", True: "[green]reached[/]", False: "[bold red]missed[/]"}[row.reached]
        ours, other = (f"{value:,.2f} ms" for value in (row.ours, row.other))
        made.add_row(row.what, ours, other, f"{row.ratio:.2f}" if row.ratio else "", row.goal, sign)
    return made


def main() -> int:
    """Measure, print, and return 1 when goals count and one is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--assets", type=int, default=200_000, help="files in upload.json")
    parser.add_argument("--rounds", type=int, default=7, help="of each measurement")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--check", action="store_true", help="exit with 1 when a goal is missed")
    given = parser.parse_args()
    bench = Bench(given.assets, given.rounds)
    parts = (bench.uploads, bench.alone, bench.whole, bench.tasks)
    rows = [row for part in parts for row in part()]
    if given.json:
        print(json.dumps([asdict(row) for row in rows], indent=2))
    else:
        Console(width=_WIDTH).print(table(rows))
    missed = [row.what for row in rows if row.reached is False]
    return int(given.check and bool(missed))


if __name__ == "__main__":
    sys.exit(main())
