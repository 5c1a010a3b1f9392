"""What a Deadline job wants of the cloud: extra info keys, one for each option."""

from __future__ import annotations

from collections.abc import Mapping

from renderbus_core.options import CloudOptions, read_options

PREFIX = "renderbus_"
"""How extra info keys begin that are options: `renderbus_machine_limit=5`."""

# Keys of that beginning which say something else: when it goes, and when it should be done.
_OTHERS = frozenset({"when", "deadline"})


def cloud_options(extra: Mapping[str, str]) -> CloudOptions:
    """Read the options of a job; a key that is none of them is refused by name.

    Args:
        extra: the job's extra info by key.

    Raises:
        InputError: something cannot be used; the text names everything that is wrong.
    """
    named = {
        key.removeprefix(PREFIX): text for key, text in extra.items() if key.startswith(PREFIX)
    }
    return read_options({name: text for name, text in named.items() if name not in _OTHERS})
