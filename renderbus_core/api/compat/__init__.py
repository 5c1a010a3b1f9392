"""The vendor's names over our client: a studio's script changes its imports and nothing else.

`rayvision_api` and `rayvision_sync` become `renderbus_core.api.compat`, also in front of `core`,
`exception`, `operators` and `manage`. What differs on purpose is listed in `docs/compat.md`.
"""

from renderbus_core.api.compat.core import RayvisionAPI
from renderbus_core.api.compat.exception import (
    RayvisionAPIError,
    RayvisionError,
    RayvisonTaskIdError,
)
from renderbus_core.api.compat.manage import RayvisionManageTask

__all__ = [
    "RayvisionAPI",
    "RayvisionAPIError",
    "RayvisionError",
    "RayvisionManageTask",
    "RayvisonTaskIdError",
]
