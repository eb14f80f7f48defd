"""A schedule: what is done to the bucket and the stage, when, and what goes wrong meanwhile."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Any

from tests.robustness.model.faults import AFTER, BEFORE, KILLS, Again, Fault, Outage

DAY = 24 * 60 * 60.0

KINDS = {
    "image": 34,
    "video": 8,
    "film": 8,
    "partial": 3,
    "corrupt": 3,
    "deadly": 2,
    "bug": 2,
    "heavy": 1,
    "text": 3,
    "empty": 2,
    "bad film": 1,
    "deadly film": 1,
}
"""What is uploaded, and how often."""

ACTIONS = {
    "put": 40,
    "put same": 5,
    "delete": 14,
    "delete marker": 10,
    "delete newest": 8,
    "delete older": 6,
    "copy older": 6,
    "expire": 2,
    "deploy": 4,
    "stop": 2,
    "poison": 2,
    "grow": 2,
    "stream again": 0,
    "redrive": 0,
}

FUNCTIONS = {
    "dispatch": 26,
    "processImage": 34,
    "processVideo": 14,
    "planVideo": 6,
    "encodeRange": 8,
    "packageVideo": 8,
    "failVideo": 5,
    "sweep": 22,
    "notify": 5,
}

CALLS = {
    "dispatch": 14,
    "processImage": 26,
    "processVideo": 30,
    "planVideo": 9,
    "encodeRange": 30,
    "packageVideo": 30,
    "failVideo": 6,
    "sweep": 10,
    "notify": 4,
}
"""How many calls of a function a schedule has, about."""

FAULTS = {
    "throttle": 6,
    "unavailable": 6,
    "denied": 3,
    "unreachable": 4,
    "lost": 16,
    "twice": 6,
    "kill": 14,
    "kill after": 14,
    "stall": 14,
}

STALLS = (0.2, 2.0, 15.0, 55.0, 120.0, 400.0, 1000.0)

PLACES = {
    "dispatch": 5,
    "ImageQueue": 5,
    "ImageQueue again": 5,
    "VideoQueue": 4,
    "VideoQueue again": 4,
    "sweep": 4,
    "notify": 1,
    "failVideo": 2,
}


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

    def without(self, part: Any) -> Program:
        """Return it without a step or a fault."""
        return replace(
            self,
            steps=tuple(each for each in self.steps if each is not part),
            faults=tuple(each for each in self.faults if each is not part),
        )


def _pick(dice: random.Random, weighted: dict[str, int]) -> str:
    return dice.choices([*weighted], [*weighted.values()])[0]


def make_program(seed: int) -> Program:
    """Return the schedule of a seed."""
    dice = random.Random(seed)
    keys = [f"{name}.bin" for name in "abc"[: dice.choice((1, 1, 1, 2, 2, 3))]]
    pace = dice.choice((0.05, 0.5, 2.0, 20.0, 300.0))
    shuffled = dice.random() < 0.5
    kinds = KINDS if dice.random() < 0.7 else {dice.choice(("image", "video", "film")): 1}
    steps, at, number = [], 0.0, 0
    for turn in range(dice.choice((1, 2, 3, 3, 4, 4, 5, 6))):
        action = "put" if turn == 0 else _pick(dice, ACTIONS)
        kind = ""
        if action == "put":
            number += 1
            kind = _pick(dice, kinds)
        delays = _delays(dice, pace, shuffled)
        index = dice.randrange(3) if action == "copy older" else 0
        steps.append(Step(round(at, 2), action, dice.choice(keys), kind, number if kind else index, delays))
        at += dice.expovariate(1 / pace) if dice.random() < 0.95 else dice.choice((3600.0, DAY, 32 * DAY))
    faults = [_fault(dice, at) for _ in range(dice.choice((0, 0, 1, 1, 1, 2, 2, 3, 4)))]
    late = dice.choice((0.3, 0.3, 0.3, 5.0, 600.0, DAY))
    return Program(seed, tuple(steps), tuple(faults), late)


def _delays(dice: random.Random, pace: float, shuffled: bool) -> tuple[float, ...]:
    chance = dice.random()
    first = round(dice.expovariate(1 / (2 * pace)), 2) if shuffled else 0.0
    if chance < 0.04:
        return (first, first + dice.choice((0.01, 1.0, 60.0, 5 * DAY, 31 * DAY, 40 * DAY)))
    if chance < 0.10:
        return (first, round(first + dice.expovariate(1 / (4 * pace)), 2))
    if chance < 0.13:
        return (dice.choice((120.0, 3600.0, 2 * DAY, 31 * DAY)),)
    return (first,)


def _fault(dice: random.Random, length: float) -> Planned:
    chance = dice.random()
    if chance < 0.12:
        begins = round(dice.uniform(0, length + 5), 2)
        service, kinds = dice.choice(
            (
                ("dynamodb", ("throttle", "unavailable")),
                ("s3", ("denied", "throttle", "unavailable")),
                ("sns", ("unavailable", "throttle")),
                ("sqs", ("unavailable", "denied")),
                ("stepfunctions", ("throttle", "unavailable")),
            )
        )
        seconds = dice.choice((5.0, 60.0, 75.0, 400.0, 2000.0))
        return Outage(service, begins, seconds, dice.choice(kinds), dice.random() < 0.5)
    if chance < 0.25:
        return Again(_pick(dice, PLACES), 1 + int(dice.expovariate(0.7)))
    function = _pick(dice, FUNCTIONS)
    kind = _pick(dice, FAULTS)
    number = 1 + int(dice.random() * CALLS[function])
    return Fault(function, number, kind, dice.choice(STALLS) if kind == "stall" else 0.0)


assert BEFORE | AFTER | KILLS | {"stall"} == FAULTS.keys()
