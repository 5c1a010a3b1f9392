"""A simulated Renderbus: the signed protocol, tasks that live and frames that render.

In process it is a state machine under a turned clock (`SimulatedCloud`, `SimulatorAdapter`); as a
server (`serve`) it listens on the loopback address, stores uploads and makes pictures.
"""

from renderbus_core.simulator.adapter import SimulatorAdapter
from renderbus_core.simulator.choice import choose, find_blender
from renderbus_core.simulator.cloud import SimulatedCloud
from renderbus_core.simulator.faults import Answer, Fault, FaultKind
from renderbus_core.simulator.life import CancelFrame, Event, RenderFrame, Storage
from renderbus_core.simulator.protocol import Reply, Request
from renderbus_core.simulator.renderers import FrameWork, Renderer, RendererKind, RenderError
from renderbus_core.simulator.scenario import Scenario, fault_of, read_scenario, scenario_of
from renderbus_core.simulator.server import Ready, serve
from renderbus_core.simulator.settings import Account, SecondSubmit, Settings
from renderbus_core.simulator.storage import DiskStorage
from renderbus_core.simulator.studio import Studio

__all__ = [
    "Account",
    "Answer",
    "CancelFrame",
    "DiskStorage",
    "Event",
    "Fault",
    "FaultKind",
    "FrameWork",
    "Ready",
    "RenderError",
    "RenderFrame",
    "Renderer",
    "RendererKind",
    "Reply",
    "Request",
    "Scenario",
    "SecondSubmit",
    "Settings",
    "SimulatedCloud",
    "SimulatorAdapter",
    "Storage",
    "Studio",
    "choose",
    "fault_of",
    "find_blender",
    "read_scenario",
    "scenario_of",
    "serve",
]
