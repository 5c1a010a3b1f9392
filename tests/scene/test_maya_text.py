from __future__ import annotations

import io
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderbus_core.errors import InputError
from renderbus_core.scene.maya_text import LONGEST, read_header, statements, words

STRINGS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=30)


def split(text: bytes, codec: str = "utf-8") -> list[tuple[int, bytes]]:
    return list(statements(io.BytesIO(text), "a.ma", codec))


def quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return '"' + escaped.replace("\t", "\\t") + '"'


def test_statements_come_with_the_line_they_begin_in():
    text = b'// made; "by hand\nrequires maya "2023";\n\nsetAttr ".a"\n\t1\n;  select x;\n// End'
    assert split(text) == [
        (2, b'requires maya "2023";'),
        (4, b'setAttr ".a"\n\t1\n;'),
        (6, b"select x;"),
    ]


def test_semicolons_and_quotes_inside_strings_end_nothing():
    text = rb'setAttr ".b" -type "string" "a;\"b\";\\";setAttr ".c" "two' + b'\nlines;";'
    assert [statement for _, statement in split(text)] == [
        rb'setAttr ".b" -type "string" "a;\"b\";\\";',
        b'setAttr ".c" "two\nlines;";',
    ]


def test_comments_between_statements_are_left_out():
    assert [each for _, each in split(b'a; // "x;\nb; /* ; " */ c;')] == [b"a;", b"b;", b"c;"]


def test_a_character_that_ends_in_a_backslash_byte_does_not_escape_the_quote():
    text = 'setAttr ".ftn" "C:/表";select x;'.encode("cp932")
    assert len(split(text, "cp932")) == 2
    assert words(split(text, "cp932")[0][1], "cp932")[2].text == "C:/表"


@given(st.lists(STRINGS, min_size=1, max_size=5))
def test_any_text_between_quotes_comes_back(texts: list[str]):
    statement = " ".join(["setAttr", *map(quoted, texts)]) + ";"
    (found,) = split(statement.encode())
    assert [word.text for word in words(found[1], "utf-8")] == ["setAttr", *texts]


@given(st.lists(STRINGS.filter(lambda text: "/" not in text), max_size=8), st.integers(0, 3))
def test_statements_are_found_wherever_chunks_are_cut(texts: list[str], shift: int):
    # A first statement that ends near the border between two chunks moves all others across it.
    first = b"a" * (LONGEST - 40 + shift) + b";"
    rest = [f"setAttr {quoted(text)};\n".encode() for text in texts]
    found = [statement for _, statement in split(first + b"".join(rest))]
    assert found == [first, *(each.strip() for each in rest)]


def test_strings_joined_by_a_plus_are_one_word():
    assert [word.text for word in words(b'setAttr ".b" (\n"one "\n+ "two");', "utf-8")] == [
        "setAttr",
        ".b",
        "one two",
    ]


def test_a_long_statement_is_cut_and_the_next_one_is_found():
    mesh = b'setAttr ".vt[0:9]"\n' + b"\t0.5 0.25 0.125\n" * 200_000 + b";"
    found = split(mesh + b'\nrequires maya "2023";')
    assert len(found[0][1]) == LONGEST
    assert not found[0][1].endswith(b";")
    assert found[1] == (200_003, b'requires maya "2023";')


def test_a_long_string_hides_its_semicolons():
    script = b'setAttr ".b" "' + b'print \\"x;\\";\\n' * 200_000 + b'";'
    assert [len(each) for _, each in split(script + b"select x;")] == [LONGEST, 9]


def test_long_blanks_are_no_statement():
    assert split(b" " * (3 * LONGEST) + b"\n// end\nselect x;") == [(3, b"select x;")]


def test_memory_stays_small_whatever_the_statement():
    class Endless(io.RawIOBase):
        left = 40

        def read(self, size: int = -1) -> bytes:
            self.left -= 1
            return b"0.5 0.25\n" * (size // 9) if self.left > 0 else b";" if self.left == 0 else b""

    tracemalloc.start()
    try:
        found = sum(1 for _ in statements(Endless(), "a.ma", "utf-8"))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found == 1
    assert peak < 12 << 20


@pytest.mark.parametrize(
    "tail",
    [b'setAttr ".a" 1', b'setAttr ".a" "x;', b"\0\0\0", b"x" * (LONGEST + 9)],
    ids=["no semicolon", "open string", "zeros", "long"],
)
def test_a_file_that_ends_inside_a_statement_is_damaged_and_the_line_is_named(tail: bytes):
    with pytest.raises(InputError, match=r"^a\.ma is damaged: .* line 2; copy or save"):
        split(b"select x;\n" + tail)


@pytest.mark.parametrize(
    ("codeset", "codec"),
    [("1252", "cp1252"), ("936", "gbk"), ("UTF-8", "utf-8"), ("base64", "utf-8"), ("9", "utf-8")],
)
def test_the_codeset_line_decides_the_encoding(codeset: str, codec: str):
    text = f"//Maya ASCII 2018ff09 scene\n//Codeset: {codeset}\n".encode()
    header = read_header(io.BytesIO(text), "a.ma")
    assert (header.version, header.codec) == ("2018ff09", codec)


def test_another_first_line_is_refused():
    with pytest.raises(InputError, match=r"a\.txt is not a Maya ASCII scene: its first line"):
        read_header(io.BytesIO(b"FOR4"), "a.txt")
