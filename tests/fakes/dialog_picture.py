"""Draws a dialog of the fake Deadline: what a script asked for, laid out as a window with its tabs.

`python tests/fakes/dialog_picture.py docs/deadline-dialog.svg` draws the submission dialog anew.
Each tab is a page of its own; tips are shown where the pointer rests. Deadline's own look differs.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from itertools import groupby, product
from pathlib import Path
from typing import Any

from deadline_bench import deadline

# Of a page, in pixels: a label and a control twice.
_LABEL, _FIELD, _GAP, _ROW, _PAD = 112, 132, 8, 30, 16
_WIDTH = 2 * (_LABEL + _FIELD) + 3 * _GAP + 2 * _PAD
_HEAD, _TABS, _BOX = 34, 30, 22
_COLUMNS = 2
_LETTER = 7

_STYLE = """
text { font: 12px "Segoe UI", "DejaVu Sans", Helvetica, Arial, sans-serif; fill: #d9dde3 }
.title { font-weight: 600; fill: #f2f4f7 }
.dim { fill: #98a1ad }
.on { font-weight: 600; fill: #fff }
.window { fill: #2f343b; stroke: #14171b }
.head { fill: #23272d }
.page { fill: #383e47 }
.box { fill: #23272d; stroke: #525b67 }
.button { fill: #4b5563; stroke: #667182 }
.go { fill: #2f6fb0; stroke: #4a8fd6 }
.mark { fill: none; stroke: #98a1ad; stroke-width: 1.5 }
"""

Row = Mapping[str, Any]


def drawn(layout: Mapping[str, Any]) -> str:
    """Return the picture of a dialog as SVG.

    Args:
        layout: its title, and its controls in the order in which they were added.
    """
    groups = [(tab, list(rows)) for tab, rows in groupby(layout["controls"], lambda r: r["tab"])]
    titles = [tab for tab, _ in groups if tab]
    (below,) = [rows for tab, rows in groups if not tab]
    pages = [(tab, rows) for tab, rows in groups if tab]
    windows = [(_window(layout["title"], titles, tab, rows, below)) for tab, rows in pages]
    return _document(list(windows))


def _document(windows: Sequence[tuple[int, str]]) -> str:
    """Put windows into two columns that are as alike in height as can be."""
    bottoms = [_PAD] * _COLUMNS
    parts = []
    for column, (height, content) in zip(_columns(windows), windows, strict=True):
        left = _PAD + column * (_WIDTH + _PAD)
        parts.append(f'<g transform="translate({left} {bottoms[column]})">\n{content}</g>')
        bottoms[column] += height + _PAD
    width, height = _COLUMNS * (_WIDTH + _PAD) + _PAD, max(bottoms)
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">'
    return "\n".join([head, f"<style>{_STYLE}</style>", *parts, "</svg>\n"])


def _columns(windows: Sequence[tuple[int, str]]) -> tuple[int, ...]:
    """Return the column of each window; the first is in the first one."""

    def longest(columns: Sequence[int]) -> int:
        heights = [0] * _COLUMNS
        for column, (height, _) in zip(columns, windows, strict=True):
            heights[column] += height + _PAD
        return max(heights)

    every = product(range(_COLUMNS), repeat=len(windows) - 1)
    return min(((0, *rest) for rest in every), key=longest)


def _window(
    title: str, titles: Sequence[str], tab: str, rows: Iterable[Row], below: Iterable[Row]
) -> tuple[int, str]:
    """Return the height of a window that shows one tab, and its content."""
    page, foot = list(rows), list(below)
    top = _HEAD + _TABS
    inner = _lines(page) * _ROW + _PAD
    height = top + inner + _lines(foot) * _ROW + _PAD
    parts = [
        f'<rect class="window" width="{_WIDTH}" height="{height}" rx="6"/>',
        f'<path class="head" d="M1 {_HEAD}V7a6 6 0 0 1 6-6H{_WIDTH - 7}a6 6 0 0 1 6 6V{_HEAD}z"/>',
        _words(_PAD, 22, title, "title"),
        f'<path class="mark" d="M{_WIDTH - 26} 13l9 9m0-9l-9 9"/>',
        *_tabs(titles, tab),
        f'<rect class="page" x="1" y="{top}" width="{_WIDTH - 2}" height="{inner}"/>',
        *_controls(page, top + _PAD // 2),
        *_foot(foot, top + inner + _PAD // 2),
    ]
    return height, "".join(f"{part}\n" for part in parts)


def _lines(rows: Iterable[Row]) -> int:
    return 1 + max(row["row"] for row in rows)


def _tabs(titles: Sequence[str], shown: str) -> Iterator[str]:
    left = _PAD
    for title in titles:
        width = round(len(title) * _LETTER) + 28
        if title == shown:
            size = f'width="{width}" height="{_TABS}"'
            yield f'<rect class="page" x="{left}" y="{_HEAD + 3}" {size}/>'
        yield _words(left + 13, _HEAD + 21, title, "on" if title == shown else "dim")
        left += width


def _controls(rows: Iterable[Row], top: int) -> Iterator[str]:
    for row in rows:
        left, right = _edge(row["column"]), _edge(row["column"] + row["columns"]) - _GAP
        y = top + row["row"] * _ROW
        yield _with_tip(_control(row, left, y, right - left), row["tip"])


def _edge(column: int) -> int:
    """Return where a column of the grid begins: labels and fields by turns."""
    pairs, is_field = divmod(column, 2)
    return _PAD + pairs * (_LABEL + _FIELD + 2 * _GAP) + is_field * (_LABEL + _GAP)


def _foot(rows: Iterable[Row], top: int) -> Iterator[str]:
    """Buttons stand at the right, a note above them."""
    found = list(rows)
    buttons = [row for row in found if row["kind"] == "ButtonControl"]
    width, left = 84, _WIDTH - _PAD - len(buttons) * (84 + _GAP) + _GAP
    for row in found:
        y = top + row["row"] * _ROW
        if row not in buttons:
            yield _words(_PAD, y + 15, row["value"], "dim")
    for number, row in enumerate(buttons):
        y = top + row["row"] * _ROW
        yield _with_tip(_button(row, left + number * (width + _GAP), y, width), row["tip"])


def _control(row: Row, x: int, y: int, width: int) -> str:
    kind, shown = row["kind"], str(row["value"])
    if kind == "LabelControl":
        return _words(x, y + 15, shown, "")
    if kind == "ButtonControl":
        return _button(row, x, y, 84)
    if kind == "CheckBoxControl":
        tick = f'<path class="mark" d="M{x + 3} {y + 11}l4 4 7-9"/>' if row["value"] else ""
        box = f'<rect class="box" x="{x}" y="{y + 2}" width="17" height="17" rx="3"/>'
        return box + tick + _words(x + 25, y + 15, row["text"], "")
    arrow, dots = "", ""
    if "Combo" in kind:
        arrow = f'<path class="mark" d="M{x + width - 17} {y + 9}l4 4 4-4"/>'
    elif "Browser" in kind or kind == "LimitGroupControl":
        width -= 34
        dots = f'<rect class="button" x="{x + width + 6}" y="{y}" width="28" height="{_BOX}"/>'
        dots += _words(x + width + 15, y + 14, "...", "")
    box = f'<rect class="box" x="{x}" y="{y}" width="{width}" height="{_BOX}" rx="3"/>'
    room = int((width - (30 if arrow else 14)) / _LETTER)
    text = shown if len(shown) <= room else f"{shown[: room - 1]}\N{HORIZONTAL ELLIPSIS}"
    return box + arrow + dots + (_words(x + 7, y + 15, text, "") if text else "")


def _button(row: Row, x: int, y: int, width: int) -> str:
    kind = "go" if row["name"] == "Submit" else "button"
    label = escape(row["value"])
    return (
        f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{_BOX}" rx="3"/>'
        f'<text x="{x + width // 2}" y="{y + 15}" text-anchor="middle">{label}</text>'
    )


def _words(x: int, y: int, text: str, kind: str) -> str:
    style = f' class="{kind}"' if kind else ""
    return f'<text{style} x="{x}" y="{y}">{escape(text)}</text>'


def _with_tip(content: str, tip: str) -> str:
    return f"<g><title>{escape(tip)}</title>{content}</g>" if tip else content


# What the picture shows as filled in.
FORM = {
    "Scene": "/show/opera/scenes/shot_010.ma",
    "Version": "2024",
    "ProjectPath": "/show/opera",
    "Frames": "1001-1100",
    "ChunkSize": "5",
    "OutputFolder": "/show/opera/renders/shot_010",
    "OutputFile": "shot_010.####.exr",
    "Name": "opera shot 010 lighting",
    "Comment": "second version of the key light",
    "Department": "lighting",
    "Pool": "maya",
    "Project": "opera",
    "Deadline": "2026-11-30T09:00+01:00",
    "FrameSeconds": "900",
    "Machine": "28C, 128 GB, 0 GPU",
    "MachineLimit": "8",
    "PriorityFrames": "first, last",
    "StopAfterTest": True,
    "FrameLimit": "90",
    "TaskLimit": "600",
    "NotifyUsers": "ada, grace",
    "RemindAfter": "720",
}


def submission_dialog(interpreter: Path | None = None) -> str:
    """Return the picture of the submission dialog as its script makes it today.

    Args:
        interpreter: that stands for Deadline's own.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        deadline(Path(folder), interpreter) as (_, hands),
    ):
        (Path(folder) / "RenderbusMachines.json").write_text('["28C, 128 GB, 0 GPU"]')
        hands("dialog", "RenderbusSubmission", {}, "Yes", "Check")
        for name, value in FORM.items():
            hands("choose", name, value)
        return drawn(hands("layout"))


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(submission_dialog(), encoding="utf-8")
