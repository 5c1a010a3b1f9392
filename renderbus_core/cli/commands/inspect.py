"""`renderbus inspect`: what a scene file says, without its program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from rich.text import Text

from renderbus_core import scene
from renderbus_core.cli.output import console, json_option, print_json, table
from renderbus_core.cli.workplace import read_config
from renderbus_core.facts import Fact, Origin, SceneFacts
from renderbus_core.scene import ResolvedFile


@click.command(short_help="Show what a scene file says, without its program.")
@click.argument("path", type=click.Path(path_type=Path))
@json_option
@click.pass_context
def command(ctx: click.Context, path: Path, as_json: bool) -> None:
    """Read the scene at PATH natively: version, frames, cameras, renderer, external files.

    Each value says how it came to be known: stored in the scene, the program's default, derived
    from others, or unknown. Files are looked for on this host, through the path mapping.
    """
    to_local = read_config(ctx).paths.mapping.to_local
    facts = scene.inspect(path, to_local)
    files = scene.resolve(facts, to_local)
    if as_json:
        print_json({"facts": facts, "files": files})
        return
    screen = console()
    screen.print(table(str(path), ("", "value", "known from"), _facts(facts)))
    if files:
        screen.print(table("External files", ("kind", "stored", "named by", "here"), _files(files)))
    for sentence in facts.warnings:
        screen.print(Text(f"Odd: {sentence}", style="yellow"))
    for sentence in facts.unknowable:
        screen.print(Text(f"Not to be known from the file: {sentence}", style="dim"))


def _facts(facts: SceneFacts) -> Iterator[tuple[object, object, object]]:
    yield "program", facts.dcc, Origin.STORED
    for name in ("version", "renderer", "frames", "fps", "resolution", "output", "image_format"):
        fact: Fact[object] = getattr(facts, name)
        value = fact.value
        shown = " x ".join(map(str, value)) if isinstance(value, tuple) else value
        yield name.replace("_", " "), "-" if shown is None else shown, fact.origin
    cameras = [f"{c.name}{'' if c.renderable else ' (off)'}" for c in facts.cameras]
    yield "cameras", ", ".join(cameras) or "-", Origin.STORED
    layers = [f"{each.name}{'' if each.renderable else ' (off)'}" for each in facts.layers]
    yield "layers", ", ".join(layers) or "-", Origin.STORED
    plugins = [f"{name} {version}" for name, version in facts.plugins.items()]
    yield "requires", ", ".join(plugins) or "-", Origin.STORED


def _files(files: Sequence[ResolvedFile]) -> Iterator[tuple[object, ...]]:
    for each in files:
        if each.missing is not None:
            here = Text(each.missing, style="red" if each.file.required else "yellow")
        elif len(each.local) == 1:
            here = Text(str(each.local[0]))
        else:
            here = Text(f"{len(each.local)} files, first {each.local[0]}")
        yield each.file.kind, each.file.stored, each.file.owner, here
