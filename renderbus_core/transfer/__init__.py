"""Moving files to and from the account's storages."""

from renderbus_core.transfer.http import HttpStorageEngine, Storage
from renderbus_core.transfer.picture import picture_problem
from renderbus_core.transfer.plan import (
    Download,
    Progress,
    Silent,
    TransferEngine,
    Upload,
    upload_plan,
)

__all__ = [
    "Download",
    "HttpStorageEngine",
    "Progress",
    "Silent",
    "Storage",
    "TransferEngine",
    "Upload",
    "picture_problem",
    "upload_plan",
]
