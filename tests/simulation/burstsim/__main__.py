"""Soaking and replaying by hand: `python -m burstsim soak|replay`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from click import echo

from burstsim.cases import draw, load
from burstsim.replay import minimal
from burstsim.soak import show, soak
from burstsim.world import run


def main() -> int:
    parser = argparse.ArgumentParser(prog="burstsim", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    many = verbs.add_parser("soak", help="run many seeds")
    many.add_argument("--seeds", type=int, default=10_000)
    many.add_argument("--first", type=int, default=0)
    many.add_argument("--folder", type=Path, default=Path("build/simulation"))
    one = verbs.add_parser("replay", help="run one case again and print its trace")
    which = one.add_mutually_exclusive_group(required=True)
    which.add_argument("--file", type=Path)
    which.add_argument("--seed", type=int)
    one.add_argument("--minimal", action="store_true", help="leave out what is not needed to fail")
    one.add_argument("--folder", type=Path, default=Path("build/simulation"))
    asked = parser.parse_args()
    if asked.verb == "soak":
        return 0 if soak(asked.first, asked.seeds, asked.folder) else 1
    ended = run(draw(asked.seed) if asked.file is None else load(asked.file))
    if asked.minimal and ended.broken is not None:
        asked.folder.mkdir(parents=True, exist_ok=True)
        show(minimal(ended), asked.folder)
    else:
        echo("\n".join(ended.trace))
        echo(f"digest {ended.digest}; {ended.broken or 'every invariant held'}")
    return 1 if ended.broken else 0


if __name__ == "__main__":
    sys.exit(main())
