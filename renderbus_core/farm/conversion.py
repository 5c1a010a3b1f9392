"""What became of a job of another farm: one that can be sent, or every reason why it cannot.

Integrations say it of their jobs in the same words, and read what people say of a job and the
cloud from the same keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from renderbus_core.errors import InputError
from renderbus_core.jobs import CloudWish, LocalJob
from renderbus_core.options import CloudOptions, read_options

CLOUD_KEY = "renderbus"
"""Key of a job by which people say whether it may leave: `allowed` or `refused`."""
DEADLINE_KEY = "renderbus_deadline"
"""Key of the time at which a job should be done, ISO 8601 with a zone."""
WHEN_KEY = "renderbus_when"
"""Key by which people say when a job leaves: `now` for as soon as it is submitted."""
OPTION_PREFIX = "renderbus_"
"""How the keys of cloud options begin: `renderbus_machine_limit`."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason why a job cannot be sent.

    Args:
        key: of the job or its plug-in; "" for the job as a whole.
        value: that it has.
        why: for people.
    """

    key: str
    value: str
    why: str

    def __str__(self) -> str:
        return f"{self.key}={self.value}: {self.why}" if self.key else self.why


@dataclass(frozen=True, slots=True)
class Conversion:
    """What became of a job.

    Args:
        job: as the bridge knows jobs; None where a refusal stands against it. It may have a
            `refusal` of its own: it is converted, and the bridge cannot check its scene.
        frames_per_task: of the farm's tasks.
        traits: what may speak against the cloud, in the words of `renderbus_core.overflow.TRAITS`.
        refusals: why it cannot be sent, all of them.
    """

    job: LocalJob | None
    frames_per_task: int = 1
    traits: tuple[str, ...] = ()
    refusals: tuple[Refusal, ...] = ()

    @property
    def can_be_sent(self) -> bool:
        """Whether nothing in the job itself keeps it here."""
        return self.job is not None and not self.job.refusal


def read_wish(text: str, key: str) -> CloudWish:
    """Read what people said of a job and the cloud.

    Args:
        text: `allowed`, `refused` or "".
        key: where it stands, for people: `the package key renderbus`.

    Raises:
        InputError: it is another word.
    """
    try:
        return CloudWish(text)
    except ValueError:
        words = " or ".join(repr(wish.value) for wish in CloudWish if wish.value)
        raise InputError(f"{key} is {text!r}; write {words}") from None


def read_cloud_options(entries: Mapping[str, str]) -> CloudOptions:
    """Read what a job wants of the cloud; a key that says nothing known is refused by name.

    Args:
        entries: of the job by key; those of other beginnings are left alone.

    Raises:
        InputError: something cannot be used; the text names everything that is wrong.
    """
    return read_options(
        {
            key.removeprefix(OPTION_PREFIX): text
            for key, text in entries.items()
            if key.startswith(OPTION_PREFIX) and key not in {DEADLINE_KEY, WHEN_KEY}
        }
    )


def read_deadline(text: str, key: str) -> datetime | None:
    """Read when a job should be done; None for "".

    Args:
        text: ISO 8601 with a zone.
        key: where it stands, for people.

    Raises:
        InputError: it is no time, or has no zone.
    """
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
        found.astimezone(UTC)
    except (ValueError, OverflowError):
        found = None
    if found is None or found.tzinfo is None:
        raise InputError(
            f"{key} is {text!r}; write a time with its zone, for example 2026-11-30T09:00+01:00"
        )
    return found


def same_value(value: str, default: str) -> bool:
    """Tell whether a value is the default, however numbers and truth are written.

    Args:
        value: of a job.
        default: that it is compared with.
    """
    if value.casefold() == default.casefold():
        return True
    truth = {"true": "1", "false": "0"}
    mine, theirs = (truth.get(text.casefold(), text) for text in (value, default))
    try:
        return float(mine) == float(theirs)
    except ValueError:
        return False
