"""What .NET values look like from Python inside Deadline: arrays, dictionaries, times."""

import datetime as dt


class Strict:
    """Knows no names beside those it documents; asking for another is told to whoever looks.

    Attributes:
        violations: every name that was asked for and is not documented.
    """

    violations = []

    def __getattr__(self, name):
        if not name.startswith("__"):
            Strict.violations.append(f"{type(self).__name__}.{name}")
        raise AttributeError(f"{type(self).__name__} has no documented member {name}")


class Array(Strict):
    """A .NET array: it can be iterated, indexed and measured, and is no list."""

    def __init__(self, items):
        self._items = tuple(items)

    def __iter__(self):
        return iter(self._items)

    def __len__(self):
        return len(self._items)

    def __getitem__(self, index):
        return self._items[index]

    @property
    def Length(self):
        return len(self._items)


class Dictionary(Strict):
    """A .NET dictionary."""

    def __init__(self, items):
        self._items = dict(items)

    @property
    def Keys(self):
        return Array(self._items)

    def ContainsKey(self, key):
        return key in self._items

    def __getitem__(self, key):
        return self._items[key]


class DateTime(Strict):
    """A moment of the repository's clock, kept in UTC; MinValue stands for none."""

    def __init__(self, moment=None):
        self._moment = moment

    def ToUniversalTime(self):
        return self

    def ToString(self, form):
        # The one that does not depend on where the host is.
        if form != "s":
            raise ValueError("the fake writes times in one form only, not " + form)
        if self._moment is None:
            return "0001-01-01T00:00:00"
        return self._moment.astimezone(dt.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")


class TimeSpan(Strict):
    """A span of time."""

    def __init__(self, seconds):
        self._seconds = float(seconds)

    @property
    def TotalSeconds(self):
        return self._seconds
