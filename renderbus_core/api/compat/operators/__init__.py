"""The vendor's operators: its method and argument names, and replies as they came."""

from renderbus_core.api.compat.operators.env import RenderEnvOperator
from renderbus_core.api.compat.operators.query import QueryOperator
from renderbus_core.api.compat.operators.tag import TagOperator
from renderbus_core.api.compat.operators.task import TaskOperator
from renderbus_core.api.compat.operators.transmit import TransmitOperator
from renderbus_core.api.compat.operators.user import UserOperator

__all__ = [
    "QueryOperator",
    "RenderEnvOperator",
    "TagOperator",
    "TaskOperator",
    "TransmitOperator",
    "UserOperator",
]
