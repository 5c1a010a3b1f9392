"""Values that come as text: variables of the environment, entries of a farm's job."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def scalar(rule: Mapping[str, Any], text: str) -> Any:
    """Read a text as its rule wants it; what does not fit stays text, for the schema.

    Args:
        rule: the schema of one value.
        text: what somebody wrote.
    """
    match rule.get("type"):
        case "boolean":
            return _BOOLEANS.get(text.lower(), text)
        case "integer" if re.fullmatch(r"[+-]?[0-9]{1,18}", text):
            return int(text)
        case "number":
            return finite(text)
        case _:
            return text


def finite(text: str) -> float | str:
    """Read a finite number; what is none (`nan` passes every limit) stays text, for the schema.

    Args:
        text: what somebody wrote.
    """
    try:
        number = float(text)
    except ValueError:
        return text
    return number if math.isfinite(number) else text
