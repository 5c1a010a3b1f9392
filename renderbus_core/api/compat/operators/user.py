"""The account, under the vendor's names."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from renderbus_core.api.compat.operators.operator import Operator
from renderbus_core.api.operations import snake_case


class UserOperator(Operator):
    """The account."""

    @cached_property
    def info(self) -> dict[str, Any]:
        """Profile, settings and storage ids in snake case; read when it is first used.

        Where the three replies share a name, the profile's value counts.
        """
        info = {
            "local_os": platform.system().lower(),
            "domain": self._call.domain,
            "platform": self._call.platform,
        }
        profile = self.query_user_profile()
        for reply in (profile, self.query_user_setting(), self.get_transfer_bid()):
            for name, value in (reply or {}).items():
                info.setdefault(snake_case(name).lower(), value)
        return info

    @property
    def user_id(self) -> int:
        """The account's id; each use reads it."""
        return int((self.query_user_profile() or {})["userId"])

    def query_user_profile(self) -> Any:
        """Read who the account is and what it may."""
        return self._call("query_user_profile")

    def query_user_setting(self) -> Any:
        """Read the account's settings."""
        return self._call("query_user_setting")

    def update_user_settings(self, task_over_time: int) -> Any:
        """Set after how many seconds a task is reported as late."""
        return self._call("update_user_setting", task_over_time_sec=task_over_time)

    def get_transfer_bid(self) -> Any:
        """Read the ids of the account's storages."""
        return self._call("get_transfer_bid")

    def get_hardware_config(self, task_ids: Sequence[int | str] | None = None) -> Any:
        """List the machines that can be asked for; those of given tasks are marked."""
        ids = list(map(str, task_ids)) if task_ids else None
        return self._call("get_hardware_config", clone_task="false", task_ids=ids)

    def task_record(
        self,
        pageNum: int = 1,  # noqa: N803 - the vendor's name, as below
        pageSize: int = 10,  # noqa: N803
        startDate: str = "",  # noqa: N803
        endDate: str = "",  # noqa: N803
    ) -> Any:
        """Read one page of what people did to the account's tasks."""
        return self._call(
            "task_record",
            platform=int(self._call.platform),
            page_num=pageNum,
            page_size=pageSize,
            start_date=startDate,
            end_date=endDate,
        )

    def login_record(
        self,
        pageNum: int = 1,  # noqa: N803 - the vendor's name, as below
        pageSize: int = 10,  # noqa: N803
        startDate: str = "",  # noqa: N803
        endDate: str = "",  # noqa: N803
    ) -> Any:
        """Read one page of the account's log-ins."""
        return self._call(
            "login_record",
            page_num=pageNum,
            page_size=pageSize,
            start_date=startDate,
            end_date=endDate,
        )
