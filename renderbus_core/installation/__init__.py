"""The bridge's files inside a render manager: put there, looked after, and taken away again."""

from renderbus_core.installation.looking import (
    Diagnosis,
    look_at_credentials,
    look_at_files,
    look_at_store,
)
from renderbus_core.installation.planning import (
    Act,
    Files,
    Installed,
    Merge,
    Site,
    Step,
    carry_out,
    find,
    plan_install,
    plan_removal,
)

__all__ = [
    "Act",
    "Diagnosis",
    "Files",
    "Installed",
    "Merge",
    "Site",
    "Step",
    "carry_out",
    "find",
    "look_at_credentials",
    "look_at_files",
    "look_at_store",
    "plan_install",
    "plan_removal",
]
