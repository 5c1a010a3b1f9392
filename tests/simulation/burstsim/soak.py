"""Many seeds on all processors: a summary, and for each failure its seed and a minimal case."""

from __future__ import annotations

import logging
import os
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from click import echo

from burstsim.cases import draw, save
from burstsim.faults import KINDS
from burstsim.replay import minimal
from burstsim.world import Ended, run


@dataclass(slots=True)
class Tally:
    """What some seeds came to.

    Args:
        seeds: how many ran.
        passed: passages of each point.
        struck: faults by point and kind.
        acts: what people did.
        failures: broken invariant by seed.
    """

    seeds: int = 0
    passed: Counter[str] = field(default_factory=Counter)
    struck: Counter[tuple[str, str]] = field(default_factory=Counter)
    acts: Counter[str] = field(default_factory=Counter)
    failures: dict[int, str] = field(default_factory=dict)

    def add(self, ended: Ended) -> None:
        """Count one case."""
        self.seeds += 1
        self.passed.update(ended.passed)
        self.struck.update((fault.point, fault.kind) for fault in ended.case.faults or ())
        self.acts.update(act.verb for act in ended.case.acts)
        if ended.broken is not None:
            self.failures[ended.case.seed] = str(ended.broken)

    def merge(self, other: Tally) -> None:
        """Add what others counted."""
        self.seeds += other.seeds
        self.passed += other.passed
        self.struck += other.struck
        self.acts += other.acts
        self.failures |= other.failures


def tally(seeds: Iterable[int]) -> Tally:
    """Run seeds one after the other; the engine's own warnings are expected here."""
    logging.getLogger("renderbus_core").setLevel(logging.CRITICAL)
    found = Tally()
    for seed in seeds:
        found.add(run(draw(seed)))
    return found


def soak(first: int, number: int, folder: Path) -> bool:
    """Run many seeds and print what they came to; minimal cases of failures go to a folder.

    Returns:
        Whether every invariant held.
    """
    began, whole = time.monotonic(), Tally()
    batches = [range(at, min(at + 20, first + number)) for at in range(first, first + number, 20)]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for part in pool.map(tally, batches):
            whole.merge(part)
            for seed, broken in part.failures.items():
                echo(f"seed {seed}: {broken}")
    _report(whole, time.monotonic() - began)
    folder.mkdir(parents=True, exist_ok=True)
    for seed in sorted(whole.failures)[:5]:
        show(minimal(run(draw(seed))), folder)
    return not whole.failures


def show(ended: Ended, folder: Path) -> None:
    """Print a failure as it can be replayed, and save its case."""
    echo("")
    echo("\n".join(ended.trace))
    for act in ended.case.acts:
        echo(f"a person at {act.at:g} s: {act.verb}")
    for fault in ended.case.faults or ():
        echo(f"{fault.actor}, {fault.point} number {fault.nth}: {fault.kind} {fault.seconds:g}")
    echo(f"broken: {ended.broken}")
    file = folder / f"seed-{ended.case.seed}.json"
    save(ended.case, file)
    echo(f"replay with: make replay FILE={file}")


def _report(whole: Tally, seconds: float) -> None:
    faults = whole.struck.total()
    echo(
        f"{whole.seeds} seeds in {seconds:.0f} s ({whole.seeds / seconds:.1f} a second), "
        f"{faults} faults, {whole.acts.total()} acts of people, {len(whole.failures)} failures"
    )
    points = sorted(whole.passed)
    echo(f"{len(points)} points; faults at each, by kind:")
    for point in points:
        kinds = {kind: n for (at, kind), n in sorted(whole.struck.items()) if at == point}
        told = ", ".join(f"{kind} {n}" for kind, n in kinds.items()) or "none"
        echo(f"  {point} ({whole.passed[point]} passages): {told}")
    wanted = {(point, kind) for point in points for kind in KINDS.get(point.partition(" ")[0], ())}
    echo(f"{len(wanted & set(whole.struck))} of {len(wanted)} pairs of point and kind were struck")
