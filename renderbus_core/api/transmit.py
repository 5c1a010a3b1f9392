"""Operations on configuration files and storages."""

from __future__ import annotations

from renderbus_core.api.group import Group
from renderbus_core.api.model import OutputFile, TransferConfig


class TransmitOperations(Group):
    """Configuration files and listings of the storages."""

    def get_transfer_config(self) -> TransferConfig:
        """Read storage ids and transfer lines."""
        return self._value("get_transfer_config", TransferConfig)

    def upload_json_content(self, task_id: int, content: str, file_name: str = "task.json") -> None:
        """Store one of the four configuration files of a reserved id.

        Args:
            task_id: the id.
            content: the file's text.
            file_name: `task.json`, `upload.json`, `asset.json` or `tips.json`.
        """
        self._call("upload_task_json", task_id=task_id, content=content, file_name=file_name)

    def get_output_files(
        self, tree_path: str = "/", task_id: int | None = None
    ) -> tuple[OutputFile, ...]:
        """List one folder of the output storage.

        Args:
            tree_path: `/` or a folder with a leading slash.
            task_id: leaf task whose folder is the root; None for the whole storage.
        """
        return self._rows("get_output_files", OutputFile.read, tree_path=tree_path, task_id=task_id)
