"""A job of the Web Service, with the members that the agent asks for.

Their names are those of Deadline's scripting reference. The keys in JSON are those of a job of
Deadline 10.1 that github.com/thevfxcoop/go-deadline-api shows; `rest_json` says which keys its
settings are submitted with.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from deadline_plugin import rest_json
from deadline_plugin.rest.values import (
    UNKNOWN,
    Moment,
    as_table,
    as_text,
    as_texts,
    as_whole,
    word_of,
)
from renderbus_core.errors import FarmError, InputError
from renderbus_core.frames import Dialect, FrameSet

JOB_ID = re.compile(r"[0-9a-f]{24}")
"""What an id of a job looks like; nothing else is ever asked for."""

_COLUMNS = 10
_NUMBERED = re.compile(
    r"(ExtraInfoKeyValue|EnvironmentKeyValue|OutputDirectory|OutputFilename)[0-9]"
)


class Job:
    """A job as somebody holds it who may change its extra info.

    Args:
        document: as the Web Service sent it; it is not changed.
    """

    def __init__(self, document: Any) -> None:
        self._document: Mapping[str, Any] = document if isinstance(document, dict) else {}
        self._properties = as_table(self._document.get("Props"))
        # What was changed since it was read, by key; None is taken away.
        self._pairs: dict[str, str | None] = {}
        self._columns: dict[str, str] = {}

    def IsCorrupted(self) -> bool:
        """Tell whether it is nothing that we know as a job."""
        is_one = JOB_ID.fullmatch(self.JobId) and self._properties and self.JobStatus != UNKNOWN
        return not is_one

    def says(self, document: Any) -> bool:
        """Tell whether it is what a document says, and nothing was changed of it.

        Args:
            document: as for a new one.
        """
        return self._document == document and not self._pairs and not self._columns

    def edited(self, now: Mapping[str, Any]) -> dict[str, Any]:
        """Return the job as it is now with what was changed here; all else stays as it came.

        Args:
            now: document of the job.
        """
        document = copy.deepcopy(dict(now))
        properties = document.setdefault("Props", {})
        pairs = properties["ExDic"] = as_table(properties.get("ExDic"))
        for key, value in self._pairs.items():
            if value is None:
                pairs.pop(key, None)
            else:
                pairs[key] = value
        properties.update(self._columns)
        return document

    # What it says.

    @property
    def JobId(self) -> str:
        """Its id."""
        return str(self._document.get("_id", ""))

    @property
    def JobStatus(self) -> str:
        """Its state, in Deadline's word."""
        return word_of("job", self._document.get("Stat"))

    @property
    def JobPlugin(self) -> str:
        """What renders it."""
        return str(self._document.get("Plug", ""))

    @property
    def JobUserName(self) -> str:
        """Who submitted it."""
        return str(self._properties.get("User", ""))

    @property
    def JobSubmitDateTime(self) -> Moment:
        """When it was submitted."""
        return Moment(self._document.get("Date"))

    JobPriority = property(lambda self: as_whole(self._properties.get("Pri"), 50))
    JobConcurrentTasks = property(lambda self: as_whole(self._properties.get("Conc"), 1))
    JobMachineLimit = property(lambda self: as_whole(self._properties.get("MachLmt"), 0))
    JobFramesList = property(lambda self: self._frames)
    JobTaskCount = property(lambda self: as_whole(self._properties.get("Tasks"), 0))
    JobLimitGroups = property(lambda self: as_texts(self._properties.get("Limits")))
    JobOutputDirectories = property(lambda self: as_texts(self._document.get("OutDir")))
    JobOutputFileNames = property(lambda self: as_texts(self._document.get("OutFile")))
    JobAuxiliarySubmissionFileNames = property(lambda self: as_texts(self._document.get("Aux")))
    JobQueuedTasks = property(lambda self: as_whole(self._document.get("QueuedChunks"), 0))
    JobSuspendedTasks = property(lambda self: as_whole(self._document.get("SuspendedChunks"), 0))
    JobRenderingTasks = property(lambda self: as_whole(self._document.get("RenderingChunks"), 0))
    JobCompletedTasks = property(lambda self: as_whole(self._document.get("CompletedChunks"), 0))
    JobFailedTasks = property(lambda self: as_whole(self._document.get("FailedChunks"), 0))
    JobPendingTasks = property(lambda self: as_whole(self._document.get("PendingChunks"), 0))

    def GetJobInfoKeys(self) -> list[str]:
        """Return the keys that it would be submitted with."""
        return list(self._info)

    def GetJobInfoKeyValue(self, key: str) -> str:
        """Return what it would be submitted with."""
        return self._info[key]

    def GetJobPluginInfoKeys(self) -> list[str]:
        """Return the keys of its plug-in's settings."""
        return list(as_table(self._properties.get("PlugInfo")))

    def GetJobPluginInfoKeyValue(self, key: str) -> str:
        """Return one of its plug-in's settings."""
        return as_text(as_table(self._properties.get("PlugInfo"))[key])

    def GetJobEnvironmentKeys(self) -> list[str]:
        """Return the names of its variables."""
        return list(as_table(self._properties.get("Env")))

    def GetJobEnvironmentKeyValue(self, key: str) -> str:
        """Return one of its variables."""
        return as_text(as_table(self._properties.get("Env"))[key])

    def GetJobExtraInfoKeys(self) -> list[str]:
        """Return the keys of its extra info."""
        return list(self._extra())

    def GetJobExtraInfoKeyValue(self, key: str) -> str:
        """Return an entry of its extra info."""
        return self._extra()[key]

    def GetJobExtraInfoKeyValueWithDefault(self, key: str, default: str) -> str:
        """Return an entry of its extra info, or what stands for one that is not there."""
        return self._extra().get(key, default)

    # What is changed.

    def SetJobExtraInfoKeyValue(self, key: str, value: str) -> None:
        """Put an entry into its extra info, once it is saved."""
        self._pairs[key] = value

    def DeleteJobExtraInfoKey(self, key: str) -> None:
        """Take an entry out of its extra info, once it is saved."""
        self._pairs[key] = None

    def column(self, name: str) -> str:
        """Return what a column of extra info says.

        Args:
            name: of the column: `Ex0` to `Ex9`.
        """
        return self._columns.get(name, str(self._properties.get(name) or ""))

    def set_column(self, name: str, text: str) -> None:
        """Write into a column of extra info, once it is saved.

        Args:
            name: as for `column`.
            text: what it says.
        """
        self._columns[name] = text

    def frames_of(self, number: int, written: str) -> list[int]:
        """Return the frames of one of its tasks.

        Tasks hold so many entries of the frame list each, in its order; a task says the first and
        the last of its own, which leaves open what is between where the list has steps.

        Args:
            number: of the task.
            written: what the task says.

        Raises:
            FarmError: nobody can tell.
        """
        size = max(as_whole(self._properties.get("Chunk"), 1), 1)
        mine = self._frames[number * size : (number + 1) * size]
        try:
            told = list(_parsed(written))
        except InputError as error:
            raise FarmError(f"task {number} of job {self.JobId}: {error}") from error
        if mine and told and {mine[0], mine[-1]} == {told[0], told[-1]}:
            return mine
        # A job that was given more frames has other tasks than its frame list says.
        if len(told) > 1 and not self._known_frames.issuperset(told):
            raise FarmError(
                f"nobody can tell which frames task {number} of job {self.JobId} has: it says "
                f"{written!r}, and its job {self._properties.get('Frames')!r}"
            )
        return told

    @cached_property
    def _frames(self) -> list[int]:
        try:
            return list(_parsed(str(self._properties.get("Frames", ""))))
        except InputError:
            return []

    @cached_property
    def _known_frames(self) -> frozenset[int]:
        return frozenset(self._frames)

    @cached_property
    def _info(self) -> dict[str, str]:
        found = rest_json.dump(self._document).job_info
        # What stands in lists and pairs is asked for by itself.
        return {key: text for key, text in found.items() if text and not _NUMBERED.match(key)}

    def _extra(self) -> dict[str, str]:
        pairs = {key: as_text(v) for key, v in as_table(self._properties.get("ExDic")).items()}
        merged = {**pairs, **self._pairs}
        return {key: value for key, value in merged.items() if value is not None}


def _column(name: str) -> property:
    return property(lambda self: self.column(name), lambda self, text: self.set_column(name, text))


for _number in range(_COLUMNS):
    setattr(Job, f"JobExtraInfo{_number}", _column(f"Ex{_number}"))


def _parsed(text: str) -> FrameSet:
    return FrameSet.parse(text, Dialect.DEADLINE) if text.strip() else FrameSet()
