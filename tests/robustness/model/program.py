"""A schedule: what is done to the bucket and the stage, when, and what goes wrong meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from tests.robustness.model.faults import Again, Fault, Outage

DAY = 24 * 60 * 60.0


@dataclass(frozen=True, slots=True)
class Step:
    """Something that is done from outside. `at` in s from the start, `delays` of its events."""

    at: float
    action: str
    key: str = ""
    kind: str = ""
    number: int = 0
    delays: tuple[float, ...] = (0.0,)

    def __str__(self) -> str:
        said = f"at {self.at:g} s: {self.action} {self.key} {self.kind} {self.number or ''}"
        late = ", ".join(f"{each:g}" for each in self.delays)
        return said.strip() + ("" if self.delays == (0.0,) else f" (events after {late} s)")


Planned = Fault | Outage | Again


@dataclass(frozen=True, slots=True)
class Program:
    """One schedule; the seed also decides how long calls take."""

    seed: int
    steps: tuple[Step, ...]
    faults: tuple[Planned, ...]
    end_delay: float = 0.3
    dollars: int = 0
    """Daily budget of the stage; 0: none."""
    rounds: int = 0
    """Of reconciling, after everything else: where somebody did damage."""

    def without(self, part: Any) -> Program:
        """Return it without a step or a fault."""
        return replace(
            self,
            steps=tuple(each for each in self.steps if each is not part),
            faults=tuple(each for each in self.faults if each is not part),
        )
