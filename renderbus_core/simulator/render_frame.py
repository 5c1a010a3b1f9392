"""One frame as a command: `python -m renderbus_core.simulator.render_frame`.

So that a local farm renders with the same means as the simulated cloud. Exit status: 0 with the
picture in place, 1 with one sentence on standard error, 2 for a wrong command line.
"""

from __future__ import annotations

import argparse
import platform
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import TypeVar

from renderbus_core.errors import InputError, RenderbusError
from renderbus_core.frames import pad_path
from renderbus_core.simulator.choice import choose
from renderbus_core.simulator.renderers import FrameWork, Renderer, RendererKind

N = TypeVar("N", int, float)
_STEPS = 10
_ENDED_BY_SIGNAL = 128


def main(arguments: Sequence[str] | None = None) -> int:
    """Render one frame and return the exit status.

    Args:
        arguments: of the command line; None for those of the process.
    """
    options = _parser().parse_args(arguments)
    # Ends tidily: the renderer is stopped and nothing half-done stays.
    signal.signal(signal.SIGTERM, _end)
    try:
        for line in render(options):
            print(line, flush=True)  # noqa: T201 - progress is this command's output
    except (RenderbusError, OSError) as error:
        print(f"render_frame: {error}", file=sys.stderr)  # noqa: T201 - as above
        return 1
    return 0


def render(options: argparse.Namespace) -> Iterator[str]:
    """Render as the command line says, and yield lines of progress.

    Args:
        options: from the command line.

    Raises:
        RenderbusError: there is no picture.
        OSError: the picture cannot be put where it belongs.
    """
    scene: Path = options.scene
    if not scene.is_file():
        raise InputError(f"the scene {scene} is not there")
    output = Path(pad_path(options.output, options.frame)).absolute()
    dcc = "blender" if scene.suffix.lower() == ".blend" else "maya"
    renderer = choose(options.renderer, dcc, options.blender, own_group=False)
    yield f"frame {options.frame} of {scene.name} by {renderer.name}"
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".rendering-", dir=output.parent) as folder:
        (made,) = renderer.render(_work(options, output), Path(folder), lambda: False)
        yield from _pretence(renderer, options.seconds)
        made.replace(output)
    yield "progress 100 %"
    yield f"saved {output}"


def _pretence(renderer: Renderer, seconds: float) -> Iterator[str]:
    """Take as long as a render would; one that really renders needs no pretence."""
    if renderer.name != RendererKind.STAND_IN:
        return
    for step in range(_STEPS):
        yield f"progress {step * 100 // _STEPS} %"
        time.sleep(seconds / _STEPS)


def _work(options: argparse.Namespace, output: Path) -> FrameWork:
    return FrameWork(
        scene=options.scene,
        frame=options.frame,
        name=output.name,
        picture_format="",
        size=(options.width, options.height),
        title="local farm",
        layer=options.layer,
        camera=options.camera,
        node=platform.node(),
    )


def _end(number: int, frame: FrameType | None) -> None:
    del frame
    raise SystemExit(_ENDED_BY_SIGNAL + number)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="render_frame", description="Render one frame.")
    parser.add_argument("--scene", type=Path, required=True, help="scene file")
    parser.add_argument("--frame", type=int, required=True, help="number of the frame")
    parser.add_argument(
        "--output", required=True, help="picture, with # for digits of the frame: out/a.####.png"
    )
    parser.add_argument(
        "--renderer", choices=[kind.value for kind in RendererKind], default=RendererKind.AUTO.value
    )
    parser.add_argument("--blender", help="Blender's program; without it, PATH is searched")
    parser.add_argument(
        "--seconds", type=_seconds, default=0.0, help="how long a stand-in pretends to render"
    )
    parser.add_argument("--width", type=_pixels, default=960, help="of a stand-in, pixels")
    parser.add_argument("--height", type=_pixels, default=540, help="of a stand-in, pixels")
    parser.add_argument("--layer", default="", help="shown in a stand-in")
    parser.add_argument("--camera", default="", help="shown in a stand-in")
    return parser


def _seconds(text: str) -> float:
    return _between(0.0, float(86_400), float, text)


def _pixels(text: str) -> int:
    return _between(1, 65_536, int, text)


def _between(least: N, most: N, kind: Callable[[str], N], text: str) -> N:
    try:
        number = kind(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from error
    if not least <= number <= most:
        raise argparse.ArgumentTypeError(f"must be between {least} and {most}")
    return number


if __name__ == "__main__":
    sys.exit(main())
