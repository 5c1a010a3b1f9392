"""Whether a failed call may be sent again: one pure decision, and the tenacity loop around it."""

from __future__ import annotations

from collections.abc import Callable

import tenacity

from renderbus_core.api.operations import AfterUnknown, Operation
from renderbus_core.errors import TransientError, UnknownOutcomeError


def may_repeat(operation: Operation, error: BaseException) -> bool:
    """Tell whether the same request may be sent again now.

    A failure that proves nothing happened is always safe. An unknown outcome is safe only for
    what ends in the same state however often it arrives. Everything else waits for the caller.

    Args:
        operation: what was asked.
        error: what came back.
    """
    if isinstance(error, TransientError):
        return True
    return isinstance(error, UnknownOutcomeError) and (
        operation.after_unknown is AfterUnknown.REPEAT
    )


def retrying(
    operation: Operation, *, attempts: int, longest_wait: float, sleep: Callable[[float], None]
) -> tenacity.Retrying:
    """Return the loop for one call: exponential waits with full jitter, last error re-raised.

    Args:
        operation: what is asked.
        attempts: how often in all.
        longest_wait: upper bound of one wait, seconds.
        sleep: how to wait; a test passes its own.
    """
    return tenacity.Retrying(
        retry=tenacity.retry_if_exception(lambda error: may_repeat(operation, error)),
        stop=tenacity.stop_after_attempt(attempts),
        wait=tenacity.wait_random_exponential(multiplier=0.5, max=longest_wait),
        sleep=sleep,
        reraise=True,
    )
