"""From a decision to claimed tasks: inspect, check, stage, claim. Nothing here costs money."""

from __future__ import annotations

from dataclasses import replace

from renderbus_core import package, scene
from renderbus_core.api import UserProfile
from renderbus_core.burst import examine
from renderbus_core.burst.context import Context, KeepsLease
from renderbus_core.burst.model import Burst, BurstKind, BurstState, TaskState, WakeAt
from renderbus_core.burst.store import FilesInUseError
from renderbus_core.errors import InputError
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import LocalJob, Reason
from renderbus_core.transfer import TransferEngine, Upload, upload_plan

SHARED = "local workers had begun a part of it"
"""How the reason begins for which a burst ends that holds all of its job or nothing."""


def inspect_scene(ctx: Context, burst: Burst) -> WakeAt:
    """Read the scene natively."""
    facts = ctx.memory.facts = examine.inspect(ctx.config, ctx.job(burst))
    version = facts.version.value or "of unknown version"
    ctx.move(burst, BurstState.INSPECTED, f"{facts.dcc} {version}, {len(facts.files)} files")
    return ctx.at_once()


def check(ctx: Context, burst: Burst) -> WakeAt:
    """Build the task package and look for everything that would fail before it costs money."""
    built, findings = build(ctx, burst)
    ctx.effects.perform("write_package", lambda: package.write(built, ctx.folder(burst.id)))
    waived = {each.rule: str(each) for each in findings if each.waived_by}
    ctx.store.waive(ctx.effects.lease, burst.id, waived, ctx.now())
    warnings = sum(each.severity is package.Severity.WARNING for each in findings)
    ctx.move(
        burst, BurstState.CHECKED, f"checked, {warnings} warning{'s' if warnings != 1 else ''}"
    )
    return ctx.at_once()


def stage(ctx: Context, burst: Burst) -> WakeAt:
    """Upload what the scene needs; local workers go on meanwhile."""
    plan = upload_plan(package.read(ctx.folder(burst.id)).upload)
    _send(ctx, burst, plan)
    ctx.move(burst, BurstState.STAGED, f"{len(plan)} files are in the cloud")
    return ctx.at_once()


def stage_anew(ctx: Context, burst: Burst, built: package.TaskPackage) -> None:
    """Upload again what was saved, or came to be needed, after it had been uploaded.

    Raises:
        InputError: another burst at work needs what would be overwritten. Local workers must not
            wait for that one, so this burst ends.
    """
    sent = set(ctx.store.staged(burst.id))
    changed = tuple(item for item in upload_plan(built.upload) if item not in sent)
    if not changed:
        return
    try:
        _send(ctx, burst, changed)
    except FilesInUseError as error:
        raise InputError(str(error)) from error


def _send(ctx: Context, burst: Burst, plan: tuple[Upload, ...]) -> None:
    """Upload files, recorded first: no other burst may overwrite them from here on."""
    transfer = engine(ctx)
    ctx.store.stage(ctx.effects.lease, burst.id, plan, ctx.now())
    ctx.effects.perform(
        "upload_assets",
        lambda: transfer.upload(plan, KeepsLease(ctx)),
        files=len(plan),
        bytes=sum(item.size for item in plan),
    )


def claim(ctx: Context, burst: Burst) -> WakeAt:
    """Take what is still queued; what local workers started meanwhile stays with them."""
    wanted = burst.refs(TaskState.WANTED, TaskState.HELD)
    # A claim that was carried out but not recorded is replaced by the next, which is later.
    epoch = burst.claim_epoch + 1
    ctx.store.note(ctx.effects.lease, burst.id, claim_epoch=epoch)
    request = replace(burst, claim_epoch=epoch).claim(wanted, ctx.effects.lease.epoch)
    outcome = ctx.effects.perform(
        "claim", lambda: ctx.farm.claim(request), tasks=[ref.id for ref in wanted]
    )
    # An attempt before may have taken them under the frames that they had then.
    changed = [ref for ref, reason in outcome.refused.items() if reason is Reason.CHANGED]
    if changed and ctx.free(burst, changed, Reason.CHANGED).unknown:
        return ctx.after(ctx.config.burst.poll_seconds)
    burst = ctx.store.confirm(ctx.effects.lease, request, outcome, ctx.now())
    if outcome.unknown:
        return ctx.after(ctx.config.burst.poll_seconds)
    held = burst.refs(TaskState.HELD)
    if not held:
        ctx.move(burst, BurstState.FAILED, "local workers had started every task before the claim")
        return ctx.at_once()
    if burst.kind is BurstKind.WHOLE and len(held) < len(burst.tasks):
        raise InputError(
            f"{SHARED} before the claim, {len(burst.tasks) - len(held)} of {len(burst.tasks)} "
            "tasks, and farm and cloud may not share it"
        )
    ctx.move(burst, BurstState.CLAIMED, f"{len(held)} of {len(wanted)} tasks are held")
    return ctx.at_once()


def build(ctx: Context, burst: Burst) -> tuple[package.TaskPackage, tuple[package.Finding, ...]]:
    """Build the package of the tasks that are wanted or held.

    Raises:
        InputError: something in it would fail; one sentence says what.
    """
    job = ctx.job(burst)
    facts = ctx.memory.facts
    if facts is None or not scene.is_current(facts):
        facts = ctx.memory.facts = examine.inspect(ctx.config, job)
    refs = burst.refs(TaskState.WANTED, TaskState.HELD)
    frames = FrameSet.of(frame for ref in refs for frame in ref.frames)
    # Nothing is changed in the cloud before it is known that the burst goes there.
    project_id = 0 if burst.remote_id is None else project(ctx)
    known = examine.Known(
        offer=offer(ctx, job),
        times=examine.frame_times(ctx.gateway, job, frames),
        estimate=burst.estimate,
        project_id=project_id,
        profile=ctx.client.endpoint.profile,
        waivers=ctx.store.waivers(burst.id),
    )
    built, findings = examine.examine(ctx.config, job, frames, facts, known)
    examine.refuse_errors(findings)
    assert built is not None  # noqa: S101 - without an error there is a package
    if burst.state is not BurstState.INSPECTED:
        _refuse_changes(ctx, burst, built)
    return built, findings


def offer(ctx: Context, job: LocalJob) -> package.Offer:
    """Ask the cloud, once per runner, what it offers for a job and to the account."""
    if ctx.memory.offer is None:
        ctx.memory.offer = examine.ask(
            ctx.client, ctx.config, ctx.gateway.offers, job, ctx.now(), profile(ctx)
        )
    return ctx.memory.offer


def project(ctx: Context) -> int:
    """Return the number of the project in the cloud, creating it once; 0 when none is wanted."""
    name = ctx.config.cloud.project_name
    if name and ctx.memory.project is None:
        found = ctx.effects.perform(
            "ensure_project", lambda: ctx.client.tag.ensure_project(name), project=name
        )
        ctx.memory.project = found.project_id
    return ctx.memory.project or 0


def _refuse_changes(ctx: Context, burst: Burst, built: package.TaskPackage) -> None:
    """Raise `InputError` when the scene is no longer the one that was uploaded."""
    sent = package.read(ctx.folder(burst.id)).upload["scene"][0]
    if built.upload["scene"][0]["hash"] != sent["hash"]:
        raise InputError(
            f"{sent['local']} was saved after it had been uploaded, so the cloud would render "
            "another scene than it was asked for; burst again"
        )


def profile(ctx: Context) -> UserProfile:
    """Read the account, once per runner."""
    if ctx.memory.profile is None:
        ctx.memory.profile = ctx.client.user.query_user_profile()
    return ctx.memory.profile


def engine(ctx: Context) -> TransferEngine:
    """Open the transfer engine, once per runner."""
    if ctx.memory.engine is None:
        ctx.memory.engine = ctx.gateway.open_engine(ctx.client, ctx.config)
    return ctx.memory.engine
