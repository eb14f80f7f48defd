"""Make a schedule of a seed: what is likely to meet what."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.robustness.model.faults import AFTER, BEFORE, KILLS, Again, Fault, Outage
from tests.robustness.model.program import DAY, Planned, Program, Step

KINDS = {
    "image": 34,
    "video": 8,
    "film": 8,
    "partial": 3,
    "animation": 5,
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
    "redrive": 2,
}

FUNCTIONS = {"dispatch": 26, "sweep": 22, "notify": 4}
IMAGE_FUNCTIONS = {"processImage": 34}
VIDEO_FUNCTIONS = {"processVideo": 30}
FILM_FUNCTIONS = {
    "processVideo": 26,
    "planVideo": 14,
    "encodeRange": 20,
    "packageVideo": 20,
    "failVideo": 10,
}
"""Where faults are planned, by what is uploaded."""

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
    "reconcile": 60,
}
"""How many calls of a function a schedule has, about."""

FAULTS = {
    "throttle": 6,
    "unavailable": 6,
    "denied": 3,
    "unreachable": 4,
    "partly": 3,
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


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """What a kind of schedule is made of; counts are chosen from."""

    keys: tuple[int, ...] = (1, 1, 1, 2, 3)
    steps: tuple[int, ...] = (1, 2, 3, 3, 4, 5, 6)
    faults: tuple[int, ...] = (0, 1, 1, 2, 2, 3, 4)
    paces: tuple[float, ...] = (0.05, 0.5, 2.0, 20.0, 300.0)
    kinds: Mapping[str, int] = field(default_factory=lambda: KINDS)
    shuffled: float = 0.5
    outages: float = 0.12


PROFILES: Mapping[Profile, int] = {
    Profile(): 40,
    # Versions, markers and rollbacks in a burst, with their events in any order.
    Profile(
        keys=(1,),
        steps=(3, 4, 5, 6, 8),
        faults=(0, 0, 1),
        paces=(0.05, 0.3),
        kinds={"image": 1},
        shuffled=0.9,
    ): 25,
    # One or two uploads, and much that goes wrong.
    Profile(
        keys=(1,),
        steps=(1, 1, 2),
        faults=(2, 3, 4, 6),
        kinds={"image": 5, "video": 2, "partial": 1, "deadly": 1, "animation": 2},
    ): 13,
    Profile(
        keys=(1,),
        steps=(1, 2, 3),
        faults=(1, 2, 3, 4),
        paces=(2.0, 20.0, 40.0),
        kinds={"film": 6, "bad film": 1, "deadly film": 1},
        outages=0.06,
    ): 22,
}
"""Kinds of schedules, and how often."""


def pick(dice: random.Random, weighted: Mapping[str, int]) -> str:
    """Choose by weights."""
    return dice.choices([*weighted], [*weighted.values()])[0]


def make_program(seed: int) -> Program:
    """Return the schedule of a seed."""
    dice = random.Random(seed)
    profile = dice.choices([*PROFILES], [*PROFILES.values()])[0]
    keys = [f"{name}.bin" for name in "abc"[: dice.choice(profile.keys)]]
    pace, shuffled = dice.choice(profile.paces), dice.random() < profile.shuffled
    steps, at, number = [], 0.0, 0
    for turn in range(dice.choice(profile.steps)):
        action = "put" if turn == 0 else pick(dice, ACTIONS)
        kind = ""
        if action == "put":
            number += 1
            kind = pick(dice, profile.kinds)
        delays = _delays(dice, pace, shuffled)
        index = dice.randrange(3) if action == "copy older" else 0
        key = dice.choice(keys)
        steps.append(Step(round(at, 2), action, key, kind, number if kind else index, delays))
        at += _pause(dice, pace)
    functions = find_functions({each.kind for each in steps})
    faults = [
        make_fault(dice, at, functions, profile.outages) for _ in range(dice.choice(profile.faults))
    ]
    late = dice.choice((0.3, 0.3, 0.3, 5.0, 600.0, DAY))
    return Program(seed, tuple(steps), tuple(faults), late)


def _pause(dice: random.Random, pace: float) -> float:
    if dice.random() < 0.03:
        return dice.choice((3600.0, DAY, 32 * DAY))
    return dice.expovariate(1 / pace)


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


def find_functions(kinds: set[str]) -> dict[str, int]:
    """Return where faults are planned, by what is uploaded."""
    found = {**FUNCTIONS}
    if any("film" in each for each in kinds):
        found |= FILM_FUNCTIONS
    elif kinds & {"video", "animation"}:
        found |= VIDEO_FUNCTIONS
    if kinds - {"", "video", "film", "bad film", "deadly film", "text", "empty"}:
        found |= IMAGE_FUNCTIONS
    return found


def make_fault(
    dice: random.Random, length: float, functions: Mapping[str, int], outages: float
) -> Planned:
    """Plan something that goes wrong within a time in s."""
    chance = dice.random()
    if chance < outages:
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
    if chance < outages + 0.13:
        return Again(pick(dice, PLACES), 1 + int(dice.expovariate(0.7)))
    function = pick(dice, functions)
    kind = pick(dice, FAULTS)
    number = 1 + int(dice.random() * CALLS[function])
    return Fault(function, number, kind, dice.choice(STALLS) if kind == "stall" else 0.0)


assert BEFORE | AFTER | KILLS | {"stall", "partly"} == FAULTS.keys()
