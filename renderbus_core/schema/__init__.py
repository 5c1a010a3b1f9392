"""Schemas of the package `schemas`: loading them, and judging documents with jsonschema.

What jsonschema finds is turned into our values in `sentences` and nowhere else: the place as a
path, and a sentence that names what is expected. jsonschema itself is loaded with the first
validator: whoever judges nothing starts faster.
"""

from renderbus_core.schema.judging import (
    MOST_PROBLEMS,
    check,
    exact_validator,
    explain,
    problems,
    validator,
    violations,
)
from renderbus_core.schema.library import load, names
from renderbus_core.schema.quick import MOST_EXPLAINED
from renderbus_core.schema.scalars import finite, scalar
from renderbus_core.schema.sentences import Violation, dotted, printable, shown

__all__ = [
    "MOST_EXPLAINED",
    "MOST_PROBLEMS",
    "Violation",
    "check",
    "dotted",
    "exact_validator",
    "explain",
    "finite",
    "load",
    "names",
    "printable",
    "problems",
    "scalar",
    "shown",
    "validator",
    "violations",
]
