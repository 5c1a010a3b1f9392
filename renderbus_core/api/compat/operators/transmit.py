"""Configuration files and storages, under the vendor's names."""

from __future__ import annotations

from typing import Any

from renderbus_core.api.compat.operators.operator import Operator


class TransmitOperator(Operator):
    """Configuration files and listings of the storages."""

    def upload_json_content(self, task_id: int, content: str, file_name: str = "task.json") -> Any:
        """Store one of the four configuration files of a reserved id."""
        return self._call("upload_task_json", task_id=task_id, content=content, file_name=file_name)

    def get_transfer_config(self) -> Any:
        """Read storage ids and transfer lines."""
        return self._call("get_transfer_config")

    def get_output_files(self, task_id: int | None = None, tree_path: str = "/") -> Any:
        """List one folder of the output storage, below a leaf task's when its id is given."""
        return self._call("get_output_files", task_id=task_id or None, tree_path=tree_path)
