"""Whether a frame of the farm and the same frame of the cloud look the same."""

from renderbus_core.parity.drawing import difference_picture
from renderbus_core.parity.judging import compare
from renderbus_core.parity.library import need_library
from renderbus_core.parity.values import Comparison, Tolerance

__all__ = ["Comparison", "Tolerance", "compare", "difference_picture", "need_library"]
