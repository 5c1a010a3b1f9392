"""Passwords in URLs, which no message and no printed configuration may hold."""

from __future__ import annotations

import re

# In a URL: `user:password@` up to the last @, also where the scheme was forgotten; the lone
# `token@` of a proxy; and `password=` in its query.
_PASSWORD = re.compile(
    r"((?:(?<=://)|^(?![^:]*:[/\\]))[^\s:/@]*:).*(?=@)"
    r"|((?:https?|socks5h?)://)[^\s:/@]+(?=@)"
    r"|((?<=password)=)[^&]+",
    re.DOTALL,
)


def without_passwords(value: object) -> object:
    """Return a decoded document with the passwords of its URLs blotted out.

    Args:
        value: a decoded TOML value.
    """
    match value:
        case str():
            return _PASSWORD.sub(r"\1\2\3***", value)
        case dict():
            return {key: without_passwords(item) for key, item in value.items()}
        case list():
            return [without_passwords(item) for item in value]
        case _:
            return value
