"""A Deadline job as plain texts, and how submission files are read into it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from renderbus_core.errors import InputError

# Submission files have some hundred lines; what is larger is none.
_LARGEST = 4_000_000


@dataclass(frozen=True, slots=True)
class Dump:
    """A job as its submission files have it; an agent makes the same of a job that is queued.

    Args:
        job_info: keys of the job, those with numbers as they are: `OutputDirectory0`.
        plugin_info: keys of its plug-in.
        auxiliary: files that were submitted with it; the first may be the scene.
        id: of the job; "" before it is submitted.
    """

    job_info: Mapping[str, str]
    plugin_info: Mapping[str, str]
    auxiliary: Sequence[str] = ()
    id: str = ""


def read_submission(job_info: Path, plugin_info: Path, auxiliary: Sequence[str] = ()) -> Dump:
    """Read the two files that a job is submitted with.

    Args:
        job_info: lines of `Key=Value`.
        plugin_info: as that.
        auxiliary: files that go with them.

    Raises:
        InputError: a file cannot be read, or a line of it is none.
    """
    return Dump(_read(job_info), _read(plugin_info), tuple(auxiliary))


def read_text(file: Path, largest: int = _LARGEST) -> str:
    """Read a file as submitters and Windows tools write it.

    Args:
        file: of text.
        largest: bytes that it may have.

    Raises:
        InputError: it cannot be read, is too large, or is no text.
    """
    try:
        if file.stat().st_size > largest:
            raise InputError(f"{file} has more than {largest // 1_000_000} MB, so it is no job")
        return _decoded(file.read_bytes())
    except OSError as error:
        raise InputError(f"{file} cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{file} is neither UTF-8 nor UTF-16 text") from error


def _read(file: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for number, line in enumerate(read_text(file).splitlines(), 1):
        if not line.strip():
            continue
        key, sign, value = line.partition("=")
        if not sign or not key.strip():
            raise InputError(f"{file} line {number}: {line[:80]!r} is not Key=Value")
        found[key.strip()] = value.strip()
    return found


def _decoded(content: bytes) -> str:
    """Decode as submitters write: UTF-8, or UTF-16 with a byte order mark, as Windows tools do."""
    if content[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return content.decode("utf-16")
    return content.decode("utf-8-sig")
