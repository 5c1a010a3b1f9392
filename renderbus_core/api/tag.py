"""Operations on projects and labels."""

from __future__ import annotations

from collections.abc import Iterable

from renderbus_core.api.group import Group, as_list
from renderbus_core.api.model import Project, ProjectList
from renderbus_core.errors import RequestRefusedError, UnknownOutcomeError

_ALREADY_EXISTS = 503
_ALL_BELOW_THE_MAIN_ACCOUNT = 2


class TagOperations(Group):
    """Projects, which the protocol also calls labels, and the labels of tasks."""

    def add_label(self, new_name: str, status: int = 0) -> None:
        """Create a project.

        Args:
            new_name: no other project's.
            status: 0 on, 1 off.
        """
        self._call("add_label", new_name=new_name, status=status)

    def delete_label(self, del_name: str) -> None:
        """Delete a project."""
        self._call("delete_label", del_name=del_name)

    def get_label_list(self) -> tuple[Project, ...]:
        """List the account's projects."""
        return self._value("get_label_list", ProjectList).project_name_list

    def get_list(self, flag: int = 0) -> tuple[Project, ...]:
        """List projects.

        Args:
            flag: 0 own ones, 1 own and the main account's, 2 all below the main account.
        """
        listing = self._value("get_project_list_by_flag", ProjectList, flag=flag)
        return listing.project_name_list

    def ensure_project(self, name: str) -> Project:
        """Return a project, creating it where it is missing.

        Raises:
            UnknownOutcomeError: it was created and is still not listed.
        """
        found = self._find(name)
        if found is None:
            try:
                self.add_label(name)
            except RequestRefusedError as error:
                # Somebody else may have created it in between.
                if error.code != _ALREADY_EXISTS:
                    raise
            found = self._find(name)
        if found is None:
            raise UnknownOutcomeError(
                f"ensure_project: project {name!r} was created and is not listed; ask again later",
                operation="add_label",
            )
        return found

    def add_task_tag(self, tag: str, task_ids: Iterable[int]) -> None:
        """Put a text on tasks, by which they can be found again."""
        self._call("add_task_label", label=tag, task_ids=as_list(task_ids))

    def delete_task_tag(
        self,
        task_ids: Iterable[int],
        label_names: Iterable[str],
        label_ids: Iterable[int] = (),
    ) -> None:
        """Take texts off tasks.

        Args:
            task_ids: leaf tasks.
            label_names: the texts.
            label_ids: ids of labels, as older clouds want them.
        """
        # Three generations read three different fields: all of them are sent.
        self._call(
            "delete_task_label",
            task_ids=as_list(task_ids),
            label_names=as_list(label_names),
            label_ids=as_list(label_ids),
        )

    def _find(self, name: str) -> Project | None:
        has_flags = self._has("get_project_list_by_flag")
        rows = self.get_list(_ALL_BELOW_THE_MAIN_ACCOUNT) if has_flags else self.get_label_list()
        return next((project for project in rows if project.project_name == name), None)
