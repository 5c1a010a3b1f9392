"""Everything the bridge raises, arranged by what the caller does next.

The tree::

    RenderbusError               base: one sentence - what, where, expected, how to fix
    |- ConfigError               mend the configuration
    |- InputError                mend what was given (a scene, a file, a frame list, a name)
    |  `- DocumentError          mend a document; carries every place that is wrong
    |- MissingDependencyError    install an optional part
    |- FarmError                 look at the farm: it refused or cannot be read
    |- StoreError                look at the burst store
    |  |- LeaseLostError         stop: somebody else carries on
    |  `- TaskTakenError         leave it: the task is in another burst already
    |- TransferError             files did not all move; carries what is left
    |  `- LocalDiskError         mend this host's disk: full, write-protected, or in the way
    `- CloudError                the cloud said no, or nothing; carries code, request id, operation
       |- RequestRefusedError    mend the request
       |  `- BenignError         go on: what was asked for is so already
       |- AuthError              mend credentials or account rights
       |- BillingError           mend the account's money
       |- TransientError         try again later: nothing happened
       `- UnknownOutcomeError    ask the cloud before doing anything again

Packages add leaves where only their callers need them: the link's below FarmError
(`renderbus_core.farm`), a limit that is reached below StoreError (`renderbus_core.burst`), an
endless reply below UnknownOutcomeError (`renderbus_core.api`), a failed picture of the simulator
below RenderbusError.

Foreign failures become ours in `renderbus_core.codes` (the cloud, HTTP) and
`renderbus_core.schema` (jsonschema), nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


class RenderbusError(Exception):
    """Base of all errors raised on purpose; its text is one sentence for a person.

    `exit_status` is that of a command which ends with it.
    """

    exit_status: ClassVar[int] = 1

    def __reduce__(self) -> tuple[Any, ...]:
        # Errors cross process borders whatever their constructors take.
        return _rebuild, (type(self), self.args, self.__dict__)


def _rebuild(
    kind: type[RenderbusError], args: tuple[Any, ...], values: Mapping[str, Any]
) -> RenderbusError:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(values)
    return error


class ConfigError(RenderbusError):
    """The configuration cannot be used as it is."""


class InputError(RenderbusError):
    """Something that was given cannot be used as it is."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a document.

    Args:
        where: JSON path of the value, for example `task_info.frames_per_task`.
        message: what is wrong there and what would be right.
    """

    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message


class DocumentError(InputError):
    """A document does not match its schema; `problems` holds every place at once."""

    def __init__(self, name: str, problems: Sequence[Problem]) -> None:
        self.name = name
        self.problems = tuple(problems)
        more = len(self.problems) - 1
        tail = f" (and {more} more)" if more > 0 else ""
        super().__init__(f"{name}: {self.problems[0]}{tail}")


class MissingDependencyError(RenderbusError):
    """An optional part is not installed."""

    def __init__(self, need: str, extra: str) -> None:
        self.extra = extra
        super().__init__(f"{need}; install it with: pip install 'renderbus-bridge[{extra}]'")


class FarmError(RenderbusError):
    """The local farm refused or cannot be read."""


class StoreError(RenderbusError):
    """The burst store refused or cannot be read."""


class LeaseLostError(StoreError):
    """Another process holds the lease; whoever sees this stops."""


class TaskTakenError(StoreError):
    """A task is in a live burst already."""


class TransferError(RenderbusError):
    """Some files did not move; `remaining` names them."""

    def __init__(self, message: str, remaining: Sequence[str] = ()) -> None:
        self.remaining = tuple(remaining)
        super().__init__(message)


class LocalDiskError(TransferError):
    """A disk of this host does not take files: a person mends it, the rest goes on by itself.

    `everywhere` tells that no other file can be written there either.
    """

    def __init__(
        self, message: str, remaining: Sequence[str] = (), *, everywhere: bool = False
    ) -> None:
        self.everywhere = everywhere
        super().__init__(message, remaining)


class CloudError(RenderbusError):
    """The cloud refused, or its answer cannot be used.

    Args:
        message: one sentence.
        code: the cloud's code, None when there was no answer.
        operation: name in the operations table.
        request_id: the cloud's own id of the request, for its support.
        attempt: how often the request had been sent when this came, 1 for once.
        retry_after: seconds for which the service does not want to be asked again.

    `sentence` is the message without what differs from attempt to attempt.
    """

    def __init__(
        self,
        message: str,
        *,
        code: int | None = None,
        operation: str | None = None,
        request_id: str | None = None,
        attempt: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.code = code
        self.operation = operation
        self.request_id = request_id
        self.attempt = attempt
        self.retry_after = retry_after
        self.sentence = message
        super().__init__(message)

    def __str__(self) -> str:
        context = [f"request {self.request_id}"] if self.request_id else []
        if self.attempt is not None and self.attempt > 1:
            context.append(f"attempt {self.attempt}")
        return f"{self.sentence} [{', '.join(context)}]" if context else self.sentence


class RequestRefusedError(CloudError):
    """The request itself is wrong; sending it again cannot help."""


class BenignError(RequestRefusedError):
    """There is nothing to do: what was asked for is so already."""


class AuthError(CloudError):
    """Credentials, signature or rights are refused."""


class BillingError(CloudError):
    """The account's money stands in the way."""


class TransientError(CloudError):
    """Nothing happened; the same request may be sent again later."""


class UnknownOutcomeError(CloudError):
    """The request may or may not have been carried out; ask before repeating it."""
