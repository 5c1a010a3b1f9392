"""Operations on the account."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from renderbus_core.api.group import PER_CALL, Group, as_list
from renderbus_core.api.model import (
    HardwareConfig,
    LoginRecord,
    OperationRecord,
    Page,
    TransferBids,
    UserProfile,
    UserSetting,
)
from renderbus_core.api.paging import distinct, pages


class UserOperations(Group):
    """The account."""

    def query_user_profile(self) -> UserProfile:
        """Read who the account is and what it may."""
        return self._value("query_user_profile", UserProfile)

    def query_user_setting(self) -> UserSetting:
        """Read the account's settings."""
        return self._value("query_user_setting", UserSetting)

    def update_user_settings(self, seconds: int) -> None:
        """Set after how many seconds a task is reported as late."""
        self._call("update_user_setting", task_over_time_sec=seconds)

    def get_transfer_bid(self) -> TransferBids:
        """Read the ids of the account's storages."""
        return self._value("get_transfer_bid", TransferBids)

    def get_hardware_config(self, task_ids: Iterable[int] = ()) -> tuple[HardwareConfig, ...]:
        """List the machines that can be asked for.

        Args:
            task_ids: tasks whose present machines are marked as `current`.
        """
        return self._rows(
            "get_hardware_config",
            HardwareConfig.read,
            clone_task="false",
            task_ids=list(map(str, as_list(task_ids))) or None,
        )

    def task_record(
        self, page_num: int = 1, page_size: int = 10, start_date: str = "", end_date: str = ""
    ) -> Page[OperationRecord]:
        """Read one page of what people did to the account's tasks.

        Args:
            page_num: which page, from 1.
            page_size: records on a page, at most 100.
            start_date: the first day, 2026-01-31; "" for no bound.
            end_date: the last day; "" for no bound.
        """
        return self._page(
            "task_record",
            OperationRecord.read,
            platform=self._session.endpoint.platform,
            page_num=page_num,
            page_size=page_size,
            start_date=start_date,
            end_date=end_date,
        )

    def login_record(
        self, page_num: int = 1, page_size: int = 10, start_date: str = "", end_date: str = ""
    ) -> Page[LoginRecord]:
        """Read one page of the account's log-ins.

        Args:
            page_num: which page, from 1.
            page_size: records on a page, at most 100.
            start_date: the first day, 2026-01-31; "" for no bound.
            end_date: the last day; "" for no bound.
        """
        return self._page(
            "login_record",
            LoginRecord.read,
            page_num=page_num,
            page_size=page_size,
            start_date=start_date,
            end_date=end_date,
        )

    def iter_task_records(
        self, start_date: str = "", end_date: str = ""
    ) -> Iterator[OperationRecord]:
        """Yield what people did to the account's tasks; holds one page at a time.

        Args:
            start_date: the first day, 2026-01-31; "" for no bound.
            end_date: the last day; "" for no bound.
        """
        for page in pages(
            lambda number: self.task_record(number, PER_CALL, start_date, end_date),
            page_size=PER_CALL,
        ):
            yield from page.items

    def iter_login_records(self, start_date: str = "", end_date: str = "") -> Iterator[LoginRecord]:
        """Yield the account's log-ins; holds one page at a time.

        Args:
            start_date: the first day, 2026-01-31; "" for no bound.
            end_date: the last day; "" for no bound.
        """
        listing = pages(
            lambda number: self.login_record(number, PER_CALL, start_date, end_date),
            page_size=PER_CALL,
        )
        return distinct(record for page in listing for record in page.items)
