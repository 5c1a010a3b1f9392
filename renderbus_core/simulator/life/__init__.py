"""The life of tasks and frames: what happens to them, when, and what the nodes have to do.

After its submission a task passes the stages of `STAGES`; then its frames wait for what comes
before them (preparation, simulations, photons, priority frames, tiles) and for nodes. A node
renders for a drawn time. A frame is done when that time has passed AND its picture was reported.
The order of the stages is pieced together from the sources (docs/assumptions.md).
"""

from renderbus_core.simulator.life.ending import (
    delete,
    limit_time,
    stop_frames,
    stop_task,
    task_limit,
)
from renderbus_core.simulator.life.events import CancelFrame, Event, RenderFrame, Storage
from renderbus_core.simulator.life.passing import next_moment, pass_time
from renderbus_core.simulator.life.rendering import deliver, end_run, start_waiting, stick
from renderbus_core.simulator.life.restarting import (
    analyse_again,
    full_speed,
    restart_frames,
    start_task,
    submit_again,
)
from renderbus_core.simulator.life.staging import STAGES, submit

__all__ = [
    "STAGES",
    "CancelFrame",
    "Event",
    "RenderFrame",
    "Storage",
    "analyse_again",
    "delete",
    "deliver",
    "end_run",
    "full_speed",
    "limit_time",
    "next_moment",
    "pass_time",
    "restart_frames",
    "start_task",
    "start_waiting",
    "stick",
    "stop_frames",
    "stop_task",
    "submit",
    "submit_again",
    "task_limit",
]
