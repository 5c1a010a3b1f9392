"""What the cloud does for each operation of the table."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from renderbus_core.simulator.handlers import account, files, tags, tasks
from renderbus_core.simulator.handlers.call import Call

Handler = Callable[[Call], object]

HANDLERS: Mapping[str, Handler] = MappingProxyType(
    {
        handler.__name__: handler
        for handler in (
            account.get_hardware_config,
            account.get_transfer_bid,
            account.get_transfer_config,
            account.query_platforms,
            account.query_supported_plugin,
            account.query_supported_software,
            account.query_user_profile,
            account.query_user_setting,
            files.get_output_files,
            tags.add_label,
            tags.add_task_label,
            tags.get_project_list,
            tasks.abort_task,
            tasks.create_task,
            tasks.get_task_list,
            tasks.query_task_frames,
            tasks.query_task_info,
            tasks.stop_task,
            tasks.stop_task_frames,
            tasks.submit_task,
            tasks.update_task_limit,
            tasks.upload_task_json,
        )
    }
)
"""Handlers by the operation's name in `schemas/api.json`."""

__all__ = ["HANDLERS", "Call", "Handler"]
