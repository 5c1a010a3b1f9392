"""Moving files to and from the account's storages."""

from renderbus_core.transfer.disk import local_disk, move_into_place
from renderbus_core.transfer.headers import Header
from renderbus_core.transfer.http import HttpStorageEngine, Storage
from renderbus_core.transfer.parts import begun
from renderbus_core.transfer.picture import Check, Look, look_at, picture_problem
from renderbus_core.transfer.plan import (
    Download,
    Progress,
    Silent,
    TransferEngine,
    Upload,
    upload_plan,
)

__all__ = [
    "Check",
    "Download",
    "Header",
    "HttpStorageEngine",
    "Look",
    "Progress",
    "Silent",
    "Storage",
    "TransferEngine",
    "Upload",
    "begun",
    "local_disk",
    "look_at",
    "move_into_place",
    "picture_problem",
    "upload_plan",
]
