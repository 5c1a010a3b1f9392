"""From a decision to claimed tasks: inspect, check, stage, claim. Nothing here costs money."""

from __future__ import annotations

from dataclasses import replace

from renderbus_core import package
from renderbus_core.api import UserProfile
from renderbus_core.burst import examine
from renderbus_core.burst.context import Context, KeepsLease
from renderbus_core.burst.model import Burst, BurstState, TaskState, WakeAt
from renderbus_core.frames import FrameSet
from renderbus_core.transfer import TransferEngine, upload_plan


def inspect_scene(ctx: Context, burst: Burst) -> WakeAt:
    """Read the scene natively."""
    facts = ctx.memory.facts = examine.inspect(ctx.gateway, ctx.job(burst))
    version = facts.version.value or "of unknown version"
    ctx.move(burst, BurstState.INSPECTED, f"{facts.dcc} {version}, {len(facts.files)} files")
    return ctx.at_once()


def check(ctx: Context, burst: Burst) -> WakeAt:
    """Build the task package and look for everything that would fail before it costs money."""
    built, findings = build(ctx, burst)
    examine.refuse_account(profile(ctx))
    ctx.effects.perform("write_package", lambda: package.write(built, ctx.folder(burst.id)))
    ctx.move(burst, BurstState.CHECKED, f"checked, {len(findings)} remarks")
    return ctx.at_once()


def stage(ctx: Context, burst: Burst) -> WakeAt:
    """Upload what the scene needs; local workers go on meanwhile."""
    plan = upload_plan(package.read(ctx.folder(burst.id)).upload)
    transfer = engine(ctx)
    ctx.effects.perform(
        "upload_assets",
        lambda: transfer.upload(plan, KeepsLease(ctx)),
        files=len(plan),
        bytes=sum(item.size for item in plan),
    )
    ctx.move(burst, BurstState.STAGED, f"{len(plan)} files are in the cloud")
    return ctx.at_once()


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
    burst = ctx.store.confirm(ctx.effects.lease, request, outcome, ctx.now())
    if outcome.unknown:
        return ctx.after(ctx.config.burst.poll_seconds)
    held = burst.refs(TaskState.HELD)
    if not held:
        ctx.move(burst, BurstState.FAILED, "local workers had started every task before the claim")
        return ctx.at_once()
    ctx.move(burst, BurstState.CLAIMED, f"{len(held)} of {len(wanted)} tasks are held")
    return ctx.at_once()


def build(ctx: Context, burst: Burst) -> tuple[package.TaskPackage, tuple[package.Finding, ...]]:
    """Build the package of the tasks that are wanted or held.

    Raises:
        InputError: something in it would fail; one sentence says what.
    """
    job = ctx.job(burst)
    facts = ctx.memory.facts or examine.inspect(ctx.gateway, job)
    refs = burst.refs(TaskState.WANTED, TaskState.HELD)
    frames = FrameSet.of(frame for ref in refs for frame in ref.frames)
    built, findings = examine.examine(ctx.gateway, job, frames, facts, burst.estimate)
    examine.refuse_errors(findings)
    assert built is not None  # noqa: S101 - without an error there is a package
    return built, findings


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
