"""Pages for people: the dashboard, the report a run ends with, and the comparison of policies.

What a report says is plain values; `write_report` turns them into one self-contained HTML file.
"""

from renderbus_core.web.comparison import Comparison, Policy, write_comparison
from renderbus_core.web.dashboard import Dashboard, Listing, render_dashboard
from renderbus_core.web.report import write_report
from renderbus_core.web.values import (
    BurstRow,
    FrameRow,
    JobRow,
    LogLine,
    Place,
    Report,
    Span,
    SpanKind,
)

__all__ = [
    "BurstRow",
    "Comparison",
    "Dashboard",
    "FrameRow",
    "JobRow",
    "Listing",
    "LogLine",
    "Place",
    "Policy",
    "Report",
    "Span",
    "SpanKind",
    "render_dashboard",
    "write_comparison",
    "write_report",
]
