"""Setting the stage: folders, scenes, the farm with its jobs, and the policy."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from types import MappingProxyType

from renderbus_core import config as configuration
from renderbus_core import scene
from renderbus_core.burst import Gateway
from renderbus_core.cli.demo.cloud import RunningCloud, running_cloud
from renderbus_core.cli.workplace import open_gateway
from renderbus_core.errors import InputError
from renderbus_core.facts import SceneFacts
from renderbus_core.farm import JobSpec, LocalFarm, WorkerPool
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import JobId
from renderbus_core.simulator import RendererKind, find_blender

WORKERS = ("worker-1", "worker-2")
_MARK = ".renderbus-demo"
_UNUSABLE = frozenset("?#")
# The first has the most frames, so its tail is what overflows.
_EXAMPLES = ("spin/spin.blend", "turntable/scenes/turntable.ma")
# Enough frames to overflow two workers, few enough to watch.
_FRAMES: Mapping[str, int] = MappingProxyType({"turntable": 12, "spin": 16})
_MOST_FRAMES = 20

# Seconds at speed 1: long enough to follow with the eyes.
_LOCAL_FRAME = 4.0
_CLOUD_FRAME = 6.0
_CLOUD_LIFE: Mapping[str, float] = MappingProxyType(
    {"submit": 0.5, "analyse": 2.0, "queue": 1.0, "preprocess": 1.0}
)


@dataclass(frozen=True, slots=True)
class Options:
    """What a person asked of the demonstration.

    Args:
        out: folder of results.
        seed: of the simulated cloud.
        speed: how much faster than usual simulated work runs.
        keep: keep databases, uploads and logs.
        scene: the person's own scene; None for the examples alone.
        renderer: `auto`, `blender` or `stand-in`.
    """

    out: Path
    seed: int
    speed: float
    keep: bool
    scene: Path | None
    renderer: str


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything that is ready to play.

    Args:
        options: as asked.
        cloud: the simulator.
        gateway: farm, cloud, store.
        farm: the embedded farm itself, for its people's side.
        pool: its workers.
        jobs: what was submitted, in order.
        notes: sentences for people.
        currency: of the simulated cloud.
    """

    options: Options
    cloud: RunningCloud
    gateway: Gateway
    farm: LocalFarm
    pool: WorkerPool
    jobs: tuple[JobId, ...]
    notes: tuple[str, ...]
    currency: str


@contextmanager
def set_up(options: Options) -> Iterator[Stage]:
    """Make the folder, start the cloud, submit the jobs; everything is ended afterwards.

    Args:
        options: as asked.

    Raises:
        InputError: the folder holds something else, or the scene cannot be used.
    """
    out = _empty(options.out, options.scene)
    work = out / "work"
    scenes = _scenes(work, options.scene)
    facts = [scene.inspect(path) for path in scenes]
    with ExitStack() as stack:
        cloud = stack.enter_context(
            running_cloud(_simulator_options(options, work, facts), work / "simulator.log")
        )
        config = configuration.load(_write_config(out, cloud, options.speed), env={})
        gateway = stack.enter_context(open_gateway(config, account=cloud.account))
        farm = gateway.farm
        assert isinstance(farm, LocalFarm)  # noqa: S101 - the configuration written above says so
        names = _names(facts)
        jobs = tuple(
            farm.submit(_job(each, name, out, options))
            for each, name in zip(facts, names, strict=True)
        )
        pool = stack.enter_context(WorkerPool(farm, WORKERS, work / "logs"))
        notes = (
            f"The cloud is simulated; its pictures are drawn by {cloud.renderer}.",
            *(
                f"{each.path.name}: rendered locally by {_renderer(each, options)}."
                for each in facts
            ),
        )
        yield Stage(options, cloud, gateway, farm, pool, jobs, notes, "USD")
    if not options.keep:
        shutil.rmtree(work)


def _empty(out: Path, scene_file: Path | None) -> Path:
    """Return a folder in which only our own names were cleared away.

    Args:
        out: as asked.
        scene_file: the person's own scene, which must not be among what is cleared.

    Raises:
        InputError: the folder holds something else, or the scene lies in it.
    """
    out = out.resolve()
    if set(str(out)) & _UNUSABLE:
        raise InputError(f"{out} has a ? or # in its path, which its databases cannot have")
    if scene_file is not None and scene_file.resolve().is_relative_to(out):
        raise InputError(f"{scene_file} lies in {out}, which is cleared; name another --out")
    if out.is_dir() and any(out.iterdir()) and not (out / _MARK).is_file():
        raise InputError(
            f"{out} is not empty and was not made by the demo; name another folder with --out"
        )
    for name in ("work", "renders"):
        shutil.rmtree(out / name, ignore_errors=True)
    try:
        (out / "work" / "logs").mkdir(parents=True)
        (out / _MARK).touch()
    except OSError as error:
        raise InputError(
            f"{out} cannot be used ({error.strerror}); name another folder with --out"
        ) from error
    return out


def _scenes(work: Path, own: Path | None) -> list[Path]:
    """Copy the examples; a person's own scene stays where it is, beside its textures."""
    examples = resources.files("renderbus_core.examples")
    with resources.as_file(examples) as folder:
        for name in ("turntable", "spin"):
            shutil.copytree(folder / name, work / "scenes" / name)
    chosen = [work / "scenes" / name for name in _EXAMPLES]
    return [own.absolute(), chosen[-1]] if own else chosen


def _frames(facts: SceneFacts) -> FrameSet:
    frames = facts.frames.value or FrameSet.span(1, 1)
    return frames[: _FRAMES.get(facts.path.stem, _MOST_FRAMES)]


def _names(scenes: Sequence[SceneFacts]) -> list[str]:
    """Name each job by its scene, and apart from another of that name."""
    names: list[str] = []
    for stem in (each.path.stem for each in scenes):
        names.append(f"{stem}-{len(names) + 1}" if stem in names else stem)
    return names


def _job(facts: SceneFacts, name: str, out: Path, options: Options) -> JobSpec:
    ending = facts.image_format.value or "png"
    output = str(out / "renders" / name / f"{name}.####.{ending}")
    width, height = facts.resolution.value or (640, 360)
    command = [
        *(sys.executable, "-m", "renderbus_core.simulator.render_frame"),
        *("--scene", str(facts.path), "--frame", "{frame}", "--output", output),
        *("--renderer", _renderer(facts, options), "--seconds", str(_LOCAL_FRAME / options.speed)),
        *("--width", str(width), "--height", str(height)),
    ]
    return JobSpec(
        name=name,
        dcc=facts.dcc,
        scene=str(facts.path),
        outputs=(output,),
        frames=_frames(facts),
        command=tuple(command),
        user="artist",
        project="demo",
    )


def _renderer(facts: SceneFacts, options: Options) -> str:
    """Name what draws a scene locally: the same as the simulated cloud uses for it."""
    if options.renderer == RendererKind.STAND_IN or facts.dcc != "blender":
        return RendererKind.STAND_IN
    if options.renderer == RendererKind.AUTO and find_blender() is None:
        return RendererKind.STAND_IN
    return RendererKind.BLENDER


def _simulator_options(options: Options, work: Path, scenes: Sequence[SceneFacts]) -> list[str]:
    arguments = [
        *("--storage", str(work / "cloud"), "--renderer", options.renderer),
        *("--seed", str(options.seed), "--speed", str(options.speed)),
        *("--frame-seconds", str(_CLOUD_FRAME)),
        *("--fail-frame", f"{_frame_that_fails(scenes)}:1000"),
    ]
    for name, seconds in _CLOUD_LIFE.items():
        arguments += [f"--{name}-seconds", str(seconds)]
    return arguments


def _frame_that_fails(scenes: Sequence[SceneFacts]) -> int:
    """Choose a frame that will certainly leave: the last but one of the longest job."""
    longest = max((_frames(each) for each in scenes), key=len)
    return longest[-2] if len(longest) > 1 else longest.first


def _write_config(out: Path, cloud: RunningCloud, speed: float) -> Path:
    """Write the configuration of the demonstration; with --keep it can be used afterwards."""
    work = out / "work"
    file = work / "renderbus.toml"
    # JSON strings are TOML strings: a folder may have any name.
    domain = json.dumps(cloud.domain)
    store = json.dumps(f"sqlite:///{(work / 'bursts.db').as_posix()}")
    poll = max(0.25, 1.0 / speed)
    file.write_text(_CONFIG.format(domain=domain, store=store, poll=poll), encoding="utf-8")
    return file


_CONFIG = """# Made by `renderbus demo`.
[cloud]
domain = {domain}
scheme = "http"

[farm]
kind = "local"
database = "farm.db"

[store]
url = {store}

[burst]
work_folder = "packages"
poll_seconds = {poll}
output_grace_seconds = 60
submit_settle_seconds = 5

[money]
price_per_hour = "0.80"
currency = "USD"
budget = "5.00"

[overflow]
enabled = true
backlog_tasks_per_worker = 8
maximum_frames = 8
local_share_minimum = 2
cloud_wait_seconds = 0
# One sequence is split between farm and cloud: both draw with the same renderer here, so that
# no frame needs to be rendered by both and compared first.
split_jobs = true
probe = "never"
"""
