"""`renderbus download`: fetch what is missing at home, or copies of what the cloud has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from renderbus_core.burst import CloudFile, Found, refill, survey, survey_folder
from renderbus_core.cli.output import json_option, print_json
from renderbus_core.cli.progress import TransferBar
from renderbus_core.cli.workplace import open_gateway, read_config
from renderbus_core.jobs import BurstId


@click.command(short_help="Fetch what is missing at home, or copies of it.")
@click.argument("burst", required=False)
@click.option(
    "--server-path",
    help="Fetch this folder of the output storage instead, for example 18164087_shot/beauty.",
)
@click.option(
    "--to",
    type=click.Path(file_okay=False, path_type=Path),
    help="Put the files into this folder, named as in the cloud.",
)
@click.option("--replace", is_flag=True, help="Replace files that differ, whosever they are.")
@click.option("--dry-run", is_flag=True, help="Only compare and show; nothing is fetched.")
@json_option
@click.pass_context
def command(  # noqa: PLR0917 - click passes options by name
    ctx: click.Context,
    burst: str | None,
    server_path: str | None,
    to: Path | None,
    replace: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Compare what the cloud has of BURST with what is at home, and fetch what is missing.

    Each file is compared by size and looked at as `collect.check` says; what is whole is not
    fetched again. Exit status 0 only when everything is at home afterwards.
    """
    if (burst is None) == (server_path is None):
        raise click.UsageError("Name either a burst or --server-path.")
    if server_path is not None and to is None:
        raise click.UsageError("--server-path needs --to: where shall the files go?")
    folder = to.absolute() if to else None
    with open_gateway(read_config(ctx)) as gateway:
        if burst is not None:
            items = survey(gateway, gateway.store.burst(BurstId(burst)), folder, replaces=replace)
        else:
            assert server_path is not None  # noqa: S101 - asked above
            assert folder is not None  # noqa: S101 - asked above
            items = survey_folder(gateway, server_path, folder, replaces=replace)
        wanted = [item for item in items if item.found is Found.WANTED]
        failed: dict[str, str] = {}
        if wanted and not dry_run:
            with TransferBar(sum(item.size for item in wanted)) as bar:
                failed = refill(gateway, items, bar)
    _show(items, failed, dry_run=dry_run, as_json=as_json)
    lacking = [item for item in items if item.found is Found.LEFT and item.local is not None]
    ctx.exit(1 if failed or lacking or (dry_run and wanted) else 0)


def _show(
    items: Sequence[CloudFile], failed: Mapping[str, str], *, dry_run: bool, as_json: bool
) -> None:
    wanted = [item for item in items if item.found is Found.WANTED]
    left = [item for item in items if item.found is Found.LEFT]
    there = len(items) - len(wanted) - len(left)
    fetched = [] if dry_run else [item for item in wanted if item.name not in failed]
    if as_json:
        print_json(
            {
                "there": there,
                "missing": wanted if dry_run else [],
                "fetched": fetched,
                "failed": failed,
                "left": left,
            }
        )
        return
    for item in wanted if dry_run else ():
        click.echo(f"missing: {item.name}: {item.why}")
    for name, why in failed.items():
        click.echo(f"failed: {name}: {why}")
    for item in left:
        click.echo(f"left: {item.name}: {item.why}")
    size = sum(item.size for item in (wanted if dry_run else fetched))
    verb = f"{len(wanted)} would be fetched" if dry_run else f"{len(fetched)} were fetched"
    click.echo(f"{there} files are at home, {verb} ({size / 1e6:.1f} MB).")
