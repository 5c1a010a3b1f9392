"""Whether a failed call may be sent again: one pure decision, and the tenacity loop around it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from renderbus_core.api.envelope import ReplyTooLargeError
from renderbus_core.api.operations import AfterUnknown, Operation
from renderbus_core.errors import CloudError, TransientError, UnknownOutcomeError

if TYPE_CHECKING:
    import tenacity

FIRST_WAIT = 0.5
"""Most seconds between the first two attempts; each further wait may be twice as long."""

LONGEST_WAIT = 20.0
"""Most seconds between two attempts that are chosen by us."""

LONGEST_ASKED_WAIT = 60.0
"""Most seconds between two attempts that the service may ask for (`Retry-After`)."""


def may_repeat(operation: Operation, error: BaseException) -> bool:
    """Tell whether the same request may be sent again now.

    A failure that proves nothing happened is always safe. An unknown outcome, and trouble that
    the service itself reports, are safe only for what ends in the same state however often it
    arrives. Everything else waits for the caller, and so does a service that wants to be left
    alone for longer than we wait.

    Args:
        operation: what was asked.
        error: what came back.
    """
    if not isinstance(error, CloudError) or isinstance(error, ReplyTooLargeError):
        return False
    if (error.retry_after or 0) > LONGEST_ASKED_WAIT:
        return False
    if isinstance(error, TransientError) and error.code is None:
        return True
    return isinstance(error, TransientError | UnknownOutcomeError) and (
        operation.after_unknown is AfterUnknown.REPEAT
    )


def retrying(
    operation: Operation,
    *,
    attempts: int,
    sleep: Callable[[float], None],
    chance: Callable[[float, float], float],
) -> tenacity.Retrying:
    """Return the loop for one call: exponential waits with full jitter, last error re-raised.

    Args:
        operation: what is asked.
        attempts: how often in all.
        sleep: how to wait; a test passes its own.
        chance: picks a number between two.
    """
    import tenacity  # noqa: PLC0415 - it brings asyncio along, which the first call can wait for

    def wait(state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, CloudError) else None
        longest = min(FIRST_WAIT * 2 ** (state.attempt_number - 1), LONGEST_WAIT)
        return max(asked or 0.0, chance(0.0, longest))

    return tenacity.Retrying(
        retry=tenacity.retry_if_exception(lambda error: may_repeat(operation, error)),
        stop=tenacity.stop_after_attempt(attempts),
        wait=wait,
        sleep=sleep,
        reraise=True,
    )
