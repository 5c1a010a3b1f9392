"""`RayvisionCheck`: judges a package, fills in what the cloud gives, and writes it back."""

from __future__ import annotations

import copy
import logging
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from renderbus_core.package import edit, supported, tips
from renderbus_core.package.compat import cloud, machines
from renderbus_core.package.compat.cloud import Api
from renderbus_core.package.compat.edits import Place
from renderbus_core.package.compat.errors import CheckError, Code, EditError, coded
from renderbus_core.package.compat.given import NAMES, Analyze, Given, collect, write
from renderbus_core.package.documents import Documents
from renderbus_core.package.findings import Finding, Severity, worst_first
from renderbus_core.package.judgement import check

_LOGGER = logging.getLogger("renderbus_core.package.compat")
_SHAPE = frozenset({"program", "schema"})


class RayvisionCheck:
    """Checks packages with an account's client.

    After `execute`, `task_json`, `upload_json`, `asset_json` and `tips_json` are the paths of the
    documents, None where there is none; `findings` is everything that is wrong or odd, the worst
    first; `error_warn_info_list` what the cloud says about the codes of tips.json.

    Args:
        api: `RayvisionAPI`.
        analyze: what an analysis left; documents that are not given are taken from there.
        workspace: folder for documents that come without a file, must be there; None makes a new
            one for each package, in `renderfarm_sdk` below the home folder.
        blocks: by code of tips.json whether it stops the package, whatever the cloud says.
    """

    def __init__(
        self,
        api: Api,
        analyze: Analyze | None = None,
        workspace: Place | None = None,
        *,
        blocks: Mapping[str, bool] | None = None,
    ) -> None:
        if workspace is not None and not Path(workspace).is_dir():
            raise EditError(Code.PATH, f"{os.fspath(workspace)!r:.200} is no folder; make it first")
        self.api = api
        self.analyze = analyze
        self.workspace = workspace
        self.task_json: str | None = None
        self.upload_json: str | None = None
        self.asset_json: str | None = None
        self.tips_json: str | None = None
        self.findings: tuple[Finding, ...] = ()
        self.error_warn_info_list: list[dict[str, Any]] = []
        self._severity = {
            code: Severity.ERROR if blocks_it else Severity.WARNING
            for code, blocks_it in (blocks or {}).items()
        }

    def execute(  # noqa: PLR0917 - the vendor's signature
        self,
        hardware_config: Mapping[str, Any] | None,
        task_json: Place | Mapping[str, Any],
        upload_json: Place | Mapping[str, Any] = "",
        asset_json: Place | Mapping[str, Any] = "",
        is_cover: bool = True,
        only_id: bool = True,
    ) -> int | tuple[dict[str, Any], int]:
        """Check a package, give it an id of its own, and write it.

        Values that are given are not changed, and nothing is reserved or written before all is
        well.

        Args:
            hardware_config: `model`, `ram` and `gpuNum` as in the cloud's list; None leaves what
                task.json says.
            task_json: path, or decoded content.
            upload_json: likewise; else of the analysis, else beside task.json.
            asset_json: likewise.
            is_cover: whether to write into the file that was read; else into a new folder.
            only_id: whether to leave out the content of task.json.

        Returns:
            The task's id; or the content of task.json and the id.

        Raises:
            CheckError: the package would fail; it says everything that is wrong at once.
            EditError: a file cannot be read or written, or an argument cannot be used.
        """
        arguments = {"task": task_json, "upload": upload_json, "asset": asset_json}
        given = collect(arguments, self.analyze)
        absent: dict[str, dict[str, Any]] = {"upload": {"asset": []}, "asset": {}, "tips": {}}
        contents = absent | {name: document.content for name, document in given.items()}
        with coded(Code.GENERAL):
            documents = _completed(Documents(**contents), self.api.platform)
        documents = self._judged(documents, hardware_config, given)
        documents = self._identified(documents)
        paths = write(documents, given, self.workspace, in_place=is_cover)
        for name in NAMES:
            setattr(self, f"{name}_json", str(paths[name]) if name in paths else None)
        task_id = int(documents.task["task_info"]["task_id"])
        return task_id if only_id else (documents.task, task_id)

    def _judged(
        self,
        documents: Documents,
        hardware: Mapping[str, Any] | None,
        given: Mapping[str, Given],
    ) -> Documents:
        """Return the documents with the machines that they ask for.

        Raises:
            CheckError: they would fail.
        """
        # The cloud is asked about documents that have their form.
        self._report((each for each in check(documents) if each.rule in _SHAPE), given)
        listed = cloud.machines(self.api)
        documents, findings = machines.chosen(documents, hardware, listed)
        findings += supported.judge(documents.task, cloud.offered(self.api, documents.task))
        rows = cloud.explanations(self.api, documents.tips)
        self.error_warn_info_list = [row | {"details": documents.tips[row["code"]]} for row in rows]
        known = cloud.read_explanations(rows)
        stopping = tips.blocking(documents.tips, known, self._severity)
        judged = check(documents, machines=listed, blocking_codes=stopping)
        findings += (tips.explained(each, known) for each in judged)
        self._report(findings, given)
        return documents

    def _report(self, found: Iterable[Finding], given: Mapping[str, Given]) -> None:
        """Keep and log what was found about the documents that there are.

        Raises:
            CheckError: some of it is an error.
        """
        absent = tuple(f"{name}.json" for name in NAMES if name not in given)
        self.findings = worst_first(each for each in found if not each.where.startswith(absent))
        errors = [each for each in self.findings if each.severity is Severity.ERROR]
        for each in self.findings[len(errors) :]:
            _LOGGER.warning("%s", each)
        if errors:
            home = given["task"].path
            raise CheckError(str(home.parent) if home else "the package", errors, self.findings)

    def _identified(self, documents: Documents) -> Documents:
        """Return the documents with the ids that they lack."""
        info = documents.task["task_info"]
        ids: dict[str, str] = {}
        if not info.get("user_id"):
            ids["user_id"] = str(self.api.get_user_id())
        if not info.get("project_id"):
            name = info.get("project_name")
            ids["project_id"] = str(self.api.check_and_add_project_name(name)) if name else "0"
        if not info.get("task_id"):
            # Not the client's own `task_id`: that is the same for all packages until a submit.
            ids["task_id"] = str(cloud.new_task_id(self.api))
        return edit.update_task_info(documents, ids)


def _completed(documents: Documents, platform: int | str) -> Documents:
    """Return the documents with settings as text, and with what follows from others."""
    own = documents.task.get("task_info")
    settings = dict(own) if isinstance(own, dict) else {}
    settings["platform"] = settings.get("platform") or str(platform)
    completed = edit.update_task_info(documents, settings)
    if not completed.task.get("scene_info_render") and completed.task.get("scene_info"):
        completed.task["scene_info_render"] = copy.deepcopy(completed.task["scene_info"])
    return completed
