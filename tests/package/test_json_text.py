"""Documents that people wrote: refused with a sentence, and every value has a place in the text."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderbus_core.errors import InputError
from renderbus_core.package import json_text
from renderbus_core.package.json_places import Position, locate
from renderbus_core.package.json_text import UnreadableError, parse, read

SLIPS = {
    b"": "line 1, column 1: not valid JSON: the file is empty",
    b" \n ": "the file is empty",
    b'{"a": 1,}': "line 1, column 9: not valid JSON: a comma stands before the end; take it away",
    b'{"a": [1, ]}': "a comma stands before the end",
    b'{\n"a": 1': "line 2, column 7: not valid JSON: the text ends too early",
    b'{"a": 1} x': "something follows the end of the document",
    b'{"a" 1}': "line 1, column 6: not valid JSON: expecting ':' delimiter; correct it",
    b"[1]": "holds no JSON object",
    b'{"a": NaN}': "line 1, column 7: NaN is no JSON number",
    b'{"a": [1e5, 1e999999]}': "line 1, column 13: 1e999999 is no JSON number that programs can",
    b'{"a": -1' + b"0" * 400 + b".5}": "000 is no JSON number that programs can",
    b'{"a": -Infinity}': "-Infinity is no JSON number",
    b'{"a": 1, "b": {"c": 1, "c": 2}}': "the key 'c' stands twice",
    b'{\n\n"a": "\xe4"}': "line 3, column 7: not UTF-8 text; save it as UTF-8",
    '{"a": 1}'.encode("utf-16"): "UTF-16 or UTF-32",
    '{"a": 1}'.encode("utf-16-le"): "UTF-16 or UTF-32",
    b"\x00" * 5000: "holds nothing but zero bytes; copy or save it again",
    b'{"a": "\x00"}': "line 1, column 8: not valid JSON: invalid control character; correct it",
    b"\xef\xbb\xbf\xef\xbb\xbf{}": "not valid JSON: a byte order mark stands here; save it",
    b"[" * 100_000: "nested too deeply",
    b'{"a":' * 100_000: "nested too deeply",
    b'{"a": ' + b"9" * 5000 + b"}": "holds a number of thousands of digits",
}


@pytest.mark.parametrize("raw", SLIPS, ids=lambda raw: repr(raw[:24]))
def test_a_slip_is_refused_with_its_place_and_its_remedy(raw: bytes) -> None:
    with pytest.raises(InputError) as refused:
        parse("task.json", raw)
    assert SLIPS[raw] in str(refused.value)
    assert str(refused.value).startswith("task.json")
    assert len(str(refused.value)) < 200


def test_a_byte_order_mark_is_no_fault() -> None:
    read_text = parse("task.json", b'\xef\xbb\xbf{"a": 1}')
    assert read_text.document == {"a": 1}
    assert read_text.marked


def test_a_file_that_is_too_long_is_refused_without_being_read(tmp_path: Path) -> None:
    huge = tmp_path / "upload.json"
    with huge.open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(InputError, match=r"upload\.json has more than the 100,663,296 bytes"):
        read(huge)


def test_a_file_that_grows_while_it_is_read_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(json_text, "MAX_BYTES", 1000)
    (tmp_path / "task.json").write_bytes(b" " * 1001)
    with pytest.raises(InputError, match="has more than the 1,000 bytes"):
        read(tmp_path / "task.json")


def test_values_without_number_are_refused_before_they_take_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(json_text, "MAX_MEMBERS", 4)
    assert parse("upload.json", b'{"a": [1, 2, 3]}').document == {"a": [1, 2, 3]}
    with pytest.raises(
        InputError, match=r"has 5 commas and opening brackets, more than the 4 .*; split the task"
    ):
        parse("upload.json", b'{"a": [1, 2, 3, 4]}')


def test_a_list_of_half_a_million_files_with_checksums_has_not_too_many_values() -> None:
    entry = '{"local":"/l","server":"/s","hash":"0"},'
    assert sum(map(entry.count, ",[{")) * 500_000 < json_text.MAX_MEMBERS


BOUNDED = """
import resource, sys
from pathlib import Path

resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[2]), int(sys.argv[2])))

from renderbus_core.package import review

print(*(group.first for group in review(Path(sys.argv[1]))))
"""


def _judged_in(memory: int, path: Path) -> str:
    """Judge a document in a process that cannot have more memory, and return what it says."""
    done = subprocess.run(
        [sys.executable, "-c", BOUNDED, str(path), str(memory)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr[-2000:]) == (0, "")
    return done.stdout


def _filled(path: Path, start: bytes, entry: bytes, end: bytes, size: int) -> Path:
    """Write a document of as many equal entries as make it the size, in bytes."""
    path.write_bytes(start + entry * ((size - len(start) - len(end)) // len(entry)) + end)
    return path


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not hold RLIMIT_AS")
@pytest.mark.parametrize("entry", [b"{},", b"[],", b"NaN,", b'{"":0,"":0},', b"[{},"])
def test_millions_of_empty_values_are_refused_in_little_memory(
    tmp_path: Path, entry: bytes
) -> None:
    path = _filled(tmp_path / "upload.json", b'{"asset":[', entry, b"1]}", 32 << 20)
    assert "commas and opening brackets, more than the 2,500,000" in _judged_in(400 << 20, path)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not hold RLIMIT_AS")
@pytest.mark.heavy
@pytest.mark.parametrize(
    ("start", "entry", "end", "size"),
    [
        (b'{"asset":[', b'{"":0},', b"1]}", 8_700_000),
        (b'{"asset":[', b'{"":0,"":0},', b"1]}", 9_900_000),
        (b'{"asset":[', b"[0],", b"1]}", 4_900_000),
        (b'{"asset":[', '"\U0001f600aaaaaaaaaaaaaaaa",'.encode(), b"1]}", 57_000_000),
        ('{"asset":"\U0001f600'.encode(), b"a", b'"}', 95 << 20),
        (b'{"asset":[', b'{"local":"/a","server":"/b"},', b'{"server":"","local":""}]}', 24 << 20),
    ],
)
def test_the_worst_that_is_read_stays_below_the_bound(
    tmp_path: Path, start: bytes, entry: bytes, end: bytes, size: int
) -> None:
    path = _filled(tmp_path / "upload.json", start, entry, end, size)
    assert "upload.json" in _judged_in(3 << 29, path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes")
def test_a_pipe_that_nobody_writes_to_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "task.json")
    with pytest.raises(InputError, match="is no file; name the document itself"):
        read(tmp_path / "task.json")


@pytest.mark.skipif(os.name != "posix", reason="Windows refuses in other words")
def test_a_folder_and_a_link_to_itself_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot be read \(Is a directory"):
        read(tmp_path)
    (tmp_path / "task.json").symlink_to("task.json")
    with pytest.raises(InputError, match=r"cannot be read \(Too many levels of symbolic links"):
        read(tmp_path / "task.json")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{\n"a": {"b": [1, NaN]}}', Position(2, 16)),
        ('{"a": [{}, {"k": 1,\n "l": 2, "k": 3}]}', Position(2, 15)),
        ('{"a": 1,\n "a": {"b": 1, "b": 2}}', Position(2, 7)),
        ('{"a": [{"b": Infinity}],\n "a": 2}', Position(2, 7)),
        ('{\n "a" 1}', Position(2, 6)),
        ('{"a": 1', Position(1, 8)),
        ('{"a":' * 900 + '{"b": 1, "b": 2}' + "}" * 900, Position(1, 4515)),
        ('{"a":' * 900 + "\nNaN" + "}" * 900, Position(2, 1)),
    ],
)
def test_what_is_refused_has_a_place(text: str, place: Position) -> None:
    with pytest.raises(UnreadableError) as refused:
        parse("task.json", text.encode())
    assert refused.value.position == place


def test_whether_there_is_a_file_at_all_can_be_told(tmp_path: Path) -> None:
    (tmp_path / "tips.json").write_text("[]")
    for name, absent in (("task.json", True), ("tips.json", False)):
        with pytest.raises(UnreadableError) as refused:
            read(tmp_path / name)
        assert refused.value.absent is absent


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.json cannot be read \(No such file"):
        read(tmp_path / "nowhere.json")


def test_a_value_is_found_where_it_stands() -> None:
    text = '{\n  "a": [1, {"b": "}\\"],"}, 3],\n\n  "c": {"d": 5}\n}'
    assert locate(text, [(), ("a", 1, "b"), ("a", 2), ("c", "d")]) == {
        (): Position(1, 1),
        ("a", 1, "b"): Position(2, 18),
        ("a", 2): Position(2, 28),
        ("c", "d"): Position(4, 14),
    }


def test_what_is_missing_stands_where_its_parent_stands() -> None:
    text = '{"a": [1],\n"c": {"d": 5}}'
    assert locate(text, [("c", "x", "y"), ("a", 7), ("z",)]) == {
        ("c", "x", "y"): Position(2, 6),
        ("a", 7): Position(1, 7),
        ("z",): Position(1, 1),
    }


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def _paths(
    value: Any, start: tuple[str | int, ...] = ()
) -> list[tuple[tuple[str | int, ...], Any]]:
    found = [(start, value)]
    members = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, member in members:
        found += _paths(member, (*start, key))
    return found


@given(
    st.dictionaries(st.text(), _VALUES, max_size=5),
    st.sampled_from([None, 1, 4]),
    st.booleans(),
)
def test_every_value_of_any_document_is_found(
    document: dict[str, Any], indent: int | None, ascii_only: bool
) -> None:
    text = json.dumps(document, indent=indent, ensure_ascii=ascii_only)
    lines = text.split("\n")
    every = _paths(document)
    found = locate(text, [path for path, _ in every])
    for path, value in every:
        place = found[path]
        rest = "\n".join([lines[place.line - 1][place.column - 1 :], *lines[place.line :]])
        assert json.JSONDecoder().raw_decode(rest)[0] == value
