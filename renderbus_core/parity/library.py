"""The optional library that reads pictures."""

from __future__ import annotations

from renderbus_core.errors import MissingDependencyError


def need_library() -> None:
    """Make sure that pictures can be read, before a module is loaded that reads them.

    Raises:
        MissingDependencyError: OpenImageIO is not installed, or does not run on this system.
    """
    try:
        import OpenImageIO  # noqa: F401, PLC0415 - an optional part
    except ImportError as error:
        raise MissingDependencyError("comparing pictures needs OpenImageIO", "parity") from error
