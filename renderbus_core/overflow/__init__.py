"""Whether the queue overflows, and what then goes to the cloud: pure, with reasons in words.

`screen` picks candidates from cheap job rows; `decide` sees their tasks and answers for each
candidate. The same two answer a gateway, `renderbus overflow explain`, and a replay.
"""

from renderbus_core.overflow.capacity import (
    Projection,
    backlog,
    backlog_hours,
    program_seconds,
    project,
)
from renderbus_core.overflow.deciding import decide, screen
from renderbus_core.overflow.probing import Probe, ProbeState, probe_frame, rendered_here
from renderbus_core.overflow.spending import Budget, Fill, Level, Payer, Spending, fill, worst
from renderbus_core.overflow.taking_back import take_back
from renderbus_core.overflow.traits import TRAITS, Trait
from renderbus_core.overflow.values import (
    Decision,
    Decisions,
    History,
    OverflowState,
    Return,
    Verdict,
    Waiting,
    Weighed,
)

__all__ = [
    "TRAITS",
    "Budget",
    "Decision",
    "Decisions",
    "Fill",
    "History",
    "Level",
    "OverflowState",
    "Payer",
    "Probe",
    "ProbeState",
    "Projection",
    "Return",
    "Spending",
    "Trait",
    "Verdict",
    "Waiting",
    "Weighed",
    "backlog",
    "backlog_hours",
    "decide",
    "fill",
    "probe_frame",
    "program_seconds",
    "project",
    "rendered_here",
    "screen",
    "take_back",
    "worst",
]
