"""What is raised under the vendor's names: ours, with the vendor's numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import IntEnum

from renderbus_core.errors import DocumentError, InputError, Problem
from renderbus_core.package.findings import Finding


class Code(IntEnum):
    """Numbers that the vendor's Python packages raise themselves."""

    GENERAL = 1_000_000
    FIELD = 1_000_002
    """A key is unknown, or there already."""
    TYPE = 1_000_003
    """An argument is of another type."""
    PATH = 1_000_004
    """A file is missing."""
    UPLOAD_PATH = 1_000_006
    """The upload.json to append to is missing."""
    CUT_PATH = 200_001
    """The upload.json to cut is missing."""
    TASK = 2000
    """The task is empty."""


class EditError(InputError):
    """A package cannot be read, edited or written.

    Args:
        error_code: the vendor's number.
        error: one sentence.
    """

    def __init__(self, error_code: Code, error: str) -> None:
        super().__init__(error)
        self.error_code = error_code
        self.error = error


class CheckError(DocumentError):
    """A package would fail; `findings` says everything that is wrong or odd.

    Args:
        name: of the package.
        errors: what stands in its way.
        findings: these and the others.
    """

    error_code = Code.GENERAL

    def __init__(
        self, name: str, errors: Sequence[Finding], findings: Sequence[Finding] = ()
    ) -> None:
        super().__init__(
            name, [Problem(each.where, f"{each.message}; {each.fix}") for each in errors]
        )
        self.error = str(self)
        self.findings = tuple(findings)


@contextmanager
def coded(code: Code) -> Iterator[None]:
    """Raise what is wrong with the input inside under one of the vendor's numbers."""
    try:
        yield
    except EditError:
        raise
    except InputError as error:
        raise EditError(code, str(error)) from error
