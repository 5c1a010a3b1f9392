"""How much more may go to the cloud: bursts, frames and money; each decision takes of it."""

from __future__ import annotations

from collections.abc import Iterator

from renderbus_core.config import OverflowPolicy
from renderbus_core.jobs import LocalJob
from renderbus_core.money import Money
from renderbus_core.overflow.spending import Budget, Payer
from renderbus_core.overflow.values import Decision, History, Weighed


class Room:
    """What is left of the caps and of the budgets while decisions are made.

    Args:
        policy: the caps.
        history: what is taken of them already.
    """

    def __init__(self, policy: OverflowPolicy, history: History) -> None:
        self._policy = policy
        self._bursts = history.live_bursts
        self._begun = 0
        self._frames = history.live_frames
        self._purse = history.spending.purse()

    @property
    def frames(self) -> int:
        """How many frames one more burst may have."""
        most, live = self._policy.maximum_frames, self._policy.maximum_live_frames
        return min(most, live - self._frames) if live else most

    def tightest(self, job: LocalJob) -> tuple[Budget, Money] | None:
        """Return the budget of a job that has least left, and that; None when there is none."""
        return self._purse.tightest(Payer.of(job))

    def take(self, job: LocalJob, decision: Decision) -> None:
        """Take what a burst needs."""
        self._bursts += 1
        self._begun += 1
        self._frames += sum(len(ref.frames) for ref in decision.tasks)
        if decision.estimate is not None:
            self._purse.take(Payer.of(job), decision.estimate)

    def weigh(self) -> Iterator[Weighed]:
        """Say whether one more burst fits under the caps."""
        most, at_work = self._policy.maximum_bursts, self._bursts
        words = f"{at_work} of {most} bursts are at work"
        yield Weighed("bursts", at_work < most, _capped(words, most, is_free=at_work < most))
        round_ = self._policy.bursts_per_round
        words = f"{self._begun} of {round_} bursts begin in this round"
        free = self._begun < round_
        yield Weighed("round", free, _capped(words, round_, is_free=free))
        live = self._policy.maximum_live_frames
        if live:
            words = f"bursts hold {self._frames} of {live} frames"
            free = self._frames < live
            yield Weighed("frames", free, _capped(words, live, is_free=free))
        else:
            yield Weighed("frames", True, f"bursts hold {self._frames} frames")


def _capped(words: str, most: int, *, is_free: bool) -> str:
    return words if is_free else f"{words}, and {most} is the most allowed"
