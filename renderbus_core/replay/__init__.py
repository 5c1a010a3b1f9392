"""Queues replayed under several policies, in virtual time: what each would have cost and saved."""

from renderbus_core.replay.bound import least_cloud_seconds
from renderbus_core.replay.engine import replay
from renderbus_core.replay.policies import Ask, nothing, ours, threshold
from renderbus_core.replay.recordings import trace_of
from renderbus_core.replay.values import Cloud, Outcome, Sample, Shot, Trace
from renderbus_core.replay.workloads import WORKLOADS

__all__ = [
    "WORKLOADS",
    "Ask",
    "Cloud",
    "Outcome",
    "Sample",
    "Shot",
    "Trace",
    "least_cloud_seconds",
    "nothing",
    "ours",
    "replay",
    "threshold",
    "trace_of",
]
