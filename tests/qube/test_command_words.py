"""Command lines cut into words as the shells of both systems do."""

from __future__ import annotations

import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qube_jobtype.command_words import is_windows, read_command, without_conversion
from renderbus_core.errors import InputError

# A first word that no shell takes for a preparation.
ARGUMENTS = st.lists(st.text(st.characters(exclude_characters="\0\r\n"), max_size=12), max_size=6)


def words(line, shell=""):
    return [word.text for word in read_command(line, shell).words]


@given(ARGUMENTS)
def test_what_was_quoted_for_a_posix_shell_comes_back(arguments):
    command = read_command(shlex.join(["Render", *arguments]), "/bin/sh")
    assert [word.text for word in command.words] == ["Render", *arguments]
    assert all(word.is_certain for word in command.words)


@given(st.lists(st.text(st.characters(exclude_characters="\0\r\n%&|<>^"), max_size=12), max_size=6))
def test_what_was_quoted_for_windows_comes_back(arguments):
    line = subprocess.list2cmdline(["Render.exe", *arguments])
    assert words(line, "cmd.exe") == ["Render.exe", *arguments]


@given(st.text(max_size=60), st.sampled_from(["", "/bin/bash", "cmd.exe"]))
def test_whatever_stands_in_a_line_is_words_or_one_sentence(line, shell):
    try:
        command = read_command(line, shell)
    except InputError:
        return
    assert command.words


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('Render.exe -proj "X:\\a b\\\\" x.ma', ["Render.exe", "-proj", "X:\\a b\\", "x.ma"]),
        ("Render.exe \\\\nas\\show\\x.ma", ["Render.exe", "\\\\nas\\show\\x.ma"]),
        ('Render.exe a\\\\\\"b c', ["Render.exe", 'a\\"b', "c"]),
        ('Render.exe \\\\\\\\"a b"', ["Render.exe", "\\\\a b"]),
    ],
)  # fmt: skip
def test_backslashes_on_windows_mean_something_before_quotes_alone(line, expected):
    assert words(line) == expected


def test_a_folder_whose_last_backslash_takes_the_quote_is_not_closed():
    with pytest.raises(InputError, match="a quote that is not closed"):
        words('Render.exe -proj "X:\\a b\\" x.ma')


@pytest.mark.parametrize(
    ("line", "shell", "answer"),
    [
        ("Render -rd /out /show/x.ma", "", False),
        ("Render.exe x.ma", "", True),
        ('"C:/Maya/bin/Render" x.ma', "", True),
        ("Render \\\\nas\\x.ma", "", True),
        ("Render C:/x.ma", "/bin/bash", False),
        ("Render /x.ma", "C:/Windows/cmd.exe", True),
    ],
)
def test_the_system_shows_in_paths_and_in_the_shell(line, shell, answer):
    assert is_windows(line, shell) is answer


@pytest.mark.parametrize(
    ("line", "certain"),
    [
        ("Render $SCENE", False), ('Render "$SCENE"', False), ("Render '$SCENE'", True),
        ("Render \\$F4", True), ("Render *.ma", False), ("Render ~/x.ma", False),
        ("Render a~1", True), ("Render `ls`", False), ("Render.exe %SCENE%", False),
        ('Render.exe "%SCENE%"', False), ("Render.exe 50%", True),
    ],
)  # fmt: skip
def test_what_only_a_worker_knows_is_not_certain(line, certain):
    assert read_command(line).words[1].is_certain is certain


@pytest.mark.parametrize(
    "line",
    [
        "cd /opt/hfs; source houdini_setup; hrender x.hip",
        "cd /opt && hrender x.hip",
        "LC_ALL=C hrender x.hip",
        "export A=1\nhrender x.hip",
        "set A=1 & C:\\hfs\\hrender.exe x.hip",
    ],
)
def test_preparations_may_stand_before_the_command_that_renders(line):
    command = read_command(line)
    assert command.is_prepared
    assert command.words[-1].text == "x.hip"
    assert len(command.words) == 2


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("Render x.ma; rm x.ma", "runs Render before anything else"),
        ("Render x.ma | tee log", r"has '\|' in it"),
        ("Render x.ma > log", "has '>' in it"),
        ("cd /x & Render x.ma", "has '&' in it"),
        ("Render x.ma # later", "has '#' in it"),
        ("Render.exe a^b", r"has '\^' in it"),
        ("Render 'x.ma", "a quote that is not closed"),
        ("Render x.ma\\", "a quote that is not closed"),
        ("A=1", "names no program"),
        (" ", "names no program"),
        ("Render QB_CONVERT_PATH(/x", "without its closing bracket"),
    ],
)
def test_a_line_that_does_more_is_refused_in_one_sentence(line, sentence):
    with pytest.raises(InputError, match=sentence):
        read_command(line)


@pytest.mark.parametrize(
    "line",
    [
        "Render QB_CONVERT_PATH(/show/my (old) shot.ma)",
        'Render QB_CONVERT_PATH("/show/my (old) shot.ma")',
        'Render "QB_CONVERT_PATH(/show/my (old) shot.ma)"',
    ],
)
def test_a_path_that_workers_convert_is_that_path(line):
    assert words(line) == ["Render", "/show/my (old) shot.ma"]
    assert without_conversion("QB_CONVERT_PATH(P:/a.ma)") == "P:/a.ma"
    assert without_conversion("P:/a.ma") == "P:/a.ma"
