"""Rendering with the real Blender, one process per picture."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from renderbus_core.simulator.renderers import FrameWork, RendererKind, RenderError

_LOOK_SECONDS = 0.1
_GRACE_SECONDS = 5.0
_LOG_BYTES = 1 << 16

# Blender's command line has other names than its files for two formats.
_FORMATS: Mapping[str, str] = MappingProxyType(
    {"TARGA": "TGA", "TARGA_RAW": "RAWTGA", "JPEG2000": "JP2"}
)
_FORMAT_OF_ENDING: Mapping[str, str] = MappingProxyType(
    {
        "bmp": "BMP",
        "exr": "OPEN_EXR",
        "hdr": "HDR",
        "jpeg": "JPEG",
        "jpg": "JPEG",
        "png": "PNG",
        "tga": "TGA",
        "tif": "TIFF",
        "tiff": "TIFF",
    }
)
_OWN_SECRETS = ("RAYVISION_", "RENDERBUS_")


@dataclass(frozen=True, slots=True)
class Blender:
    """Runs Blender on a scene where it lies, with the scripts in the scene switched off.

    Args:
        program: the executable.
        time_limit: seconds after which a picture is given up.
        own_group: True ends Blender with everything it started; False leaves it in the caller's
            process group, for a caller that is itself ended by its group.
    """

    program: Path
    time_limit: float = 3600.0
    own_group: bool = True

    @property
    def name(self) -> str:
        """See `Renderer.name`."""
        return RendererKind.BLENDER.value

    def render(
        self, work: FrameWork, target: Path, cancelled: Callable[[], bool]
    ) -> tuple[Path, ...]:
        """Make one picture; see `Renderer.render`."""
        if work.frame < 0:
            raise RenderError(
                f"frame {work.frame}: Blender's command line takes negative numbers as counted "
                "from the end; shift the scene's frames above zero"
            )
        with tempfile.TemporaryDirectory(dir=target) as folder:
            scratch = Path(folder)
            log = scratch / "blender.log"
            code = self._run(self._command(work, scratch), log, cancelled)
            # Blender also exits with 0 when it could not render, so the file decides.
            made = sorted(scratch.glob("picture_*"))
            if code != 0 or len(made) != 1:
                raise RenderError(f"frame {work.frame}: Blender made no picture: {_reason(log)}")
            picture = target / work.name
            picture.parent.mkdir(parents=True, exist_ok=True)
            made[0].replace(picture)
        return (picture,)

    def _command(self, work: FrameWork, scratch: Path) -> list[str]:
        if not work.scene.is_file():
            raise RenderError(f"the scene {work.scene} is not there")
        # In this order: Blender carries arguments out as it meets them.
        return [
            str(self.program),
            "--background",
            "--factory-startup",
            "--disable-autoexec",
            str(work.scene.absolute()),
            "--render-output",
            str(scratch / "picture_####"),
            "--render-format",
            _format(work),
            "--use-extension",
            "1",
            "--render-frame",
            str(work.frame),
        ]

    def _run(self, command: list[str], log: Path, cancelled: Callable[[], bool]) -> int:
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - a list of our own, no shell
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=log.parent,
                env=_environment(),
                start_new_session=self.own_group,
            )
        end = time.monotonic() + self.time_limit
        try:
            while True:
                try:
                    return process.wait(_LOOK_SECONDS)
                except subprocess.TimeoutExpired:
                    self._check(cancelled, end)
        finally:
            if process.poll() is None:
                self._end(process)

    def _check(self, cancelled: Callable[[], bool], end: float) -> None:
        if cancelled():
            raise RenderError("the picture is not wanted any more")
        if time.monotonic() > end:
            raise RenderError(f"Blender did not finish within {self.time_limit:.0f} s")

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        # It may end by itself at the same moment.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            self._signal(process, hard=False)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_SECONDS)
        # What it started may have outlived it.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            self._signal(process, hard=True)
        process.wait()

    def _signal(self, process: subprocess.Popen[bytes], *, hard: bool) -> None:
        if self.own_group and hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL if hard else signal.SIGTERM)
        elif hard:
            process.kill()
        else:
            process.terminate()


def _format(work: FrameWork) -> str:
    ending = work.name.rpartition(".")[2].lower()
    name = work.picture_format or _FORMAT_OF_ENDING.get(ending)
    if name is None:
        raise RenderError(
            f"Blender cannot be asked for .{ending} files; "
            f"use one of {', '.join(sorted(_FORMAT_OF_ENDING))}"
        )
    return _FORMATS.get(name, name)


def _environment() -> dict[str, str]:
    # A scene comes from outside and its renderer has no business with our credentials.
    return {k: v for k, v in os.environ.items() if not k.startswith(_OWN_SECRETS)}


def _reason(log: Path) -> str:
    """Return Blender's last complaint."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _LOG_BYTES))
        lines = file.read().decode(errors="replace").splitlines()
    complaints = [line.strip() for line in lines if "error" in line.lower()]
    said = [line.strip() for line in lines if line.strip()]
    return (complaints or said or ["it said nothing"])[-1][:300]
