"""Schedules for what is rare: much goes wrong around the fence's own calls, of one upload.

What `schedules` draws from is everything; a mistake that shows only where a worker was overtaken,
its reply was lost, and something newer came, would take it very long.
"""

from __future__ import annotations

import random

from tests.robustness.model.faults import Again, Fault, Outage
from tests.robustness.model.program import DAY, Planned, Program, Step

KEY = "a.bin"
LENGTH = 45.0
"""Seconds that a film takes where nothing happens; an image takes 2."""

WORKER_KINDS = ("lost", "lost", "twice", "kill after", "kill after", "kill", "throttle", "stall")
CALLS = {
    "processImage": (2, 2, 9, 9, 10, 11, 12, 13, 18, 19, 20, 21, 22, 23, 24, 25, 26),
    "processVideo": (1, 1, 2, 3, 4, 4, 5, 6, 7, 8, 9, 12),
    "planVideo": (2, 2, 3, 3, 4, 4, 5, 6, 7, 8),
    "encodeRange": (1, 2, 11, 13, 15, 20, 25, 28, 33, 34, 35, 40, 45),
    "packageVideo": (1, 9, 10, 16, 18, 19, 19, 20, 21, 22, 23, 24, 41, 42),
    "failVideo": (1, 1, 2, 2, 3, 4, 5, 6, 7, 8),
    "sweep": (1, 2, 3, 4),
    "dispatch": (1, 2, 3, 4, 5),
}
"""At which calls of a function something goes wrong: mostly those that change the entry."""

STALLS = (0.5, 2.0, 15.0, 55.0, 120.0, 400.0, 850.0)


def make_hard_program(seed: int) -> Program:
    """Return the schedule of a seed; others than those of `make_program`."""
    dice = random.Random(f"hard {seed}")
    shape = dice.choice((_image, _image, _film, _film, _overtaken))
    return shape(dice, seed)


def make_hasty_program(seed: int) -> Program:
    """Return the schedule of a seed: a key changes often and at once, and dispatch fails or stalls.

    Only images, and nothing happens to who works on them.
    """
    dice = random.Random(f"hasty {seed}")
    actions = ("put", "put", "delete", "delete marker", "delete newest", "copy older")
    steps, at, pace = [Step(0.0, "put", KEY, "image", 1)], 0.0, dice.choice((0.05, 0.3, 2.0))
    for number in range(dice.randrange(1, 5)):
        at += dice.expovariate(1 / pace)
        action = dice.choice(actions)
        kind = "image" if action == "put" else ""
        late = (round(dice.expovariate(1 / (2 * pace)), 2),)
        chosen = 2 + number if kind else dice.randrange(2)
        steps.append(Step(round(at, 2), action, KEY, kind, chosen, late))
    faults = []
    for _ in range(dice.randrange(1, 4)):
        kind = dice.choice(("unavailable", "kill", "kill after", "lost", "stall", "stall"))
        stall = dice.choice((0.5, 2.0, 15.0)) if kind == "stall" else 0.0
        faults.append(Fault("dispatch", dice.randint(1, 16), kind, stall))
    return Program(seed, tuple(steps), tuple(faults))


def _image(dice: random.Random, seed: int) -> Program:
    kind = dice.choice(("image", "image", "image", "partial", "bug", "bug", "deadly"))
    steps = [Step(0.0, "put", KEY, kind, 1), *_later(dice, dice.choice((2.0, 60.0, 500.0)))]
    faults: list[Planned] = [
        _fault(dice, dice.choice(("processImage", "processImage", "processImage", "sweep")))
        for _ in range(dice.randrange(1, 5))
    ]
    faults += _again(dice, "ImageQueue", "ImageQueue again")
    if dice.random() < 0.3:
        faults.append(_outage(dice, ("dynamodb", "s3", "sqs"), 3.0))
    return Program(seed, tuple(steps), tuple(faults))


def _film(dice: random.Random, seed: int) -> Program:
    kind = dice.choice(("film", "film", "film", "film", "bad film", "deadly film"))
    steps = [Step(0.0, "put", KEY, kind, 1), *_later(dice, 1.5 * LENGTH)]
    stops = [dice.uniform(0.4, 2 * LENGTH) for _ in range(dice.choice((0, 0, 1, 1, 2)))]
    steps += [Step(round(at, 2), "stop") for at in stops]
    functions = ("processVideo", "planVideo", "encodeRange", "packageVideo", "failVideo")
    faults: list[Planned] = [
        _fault(dice, dice.choice((*functions, "packageVideo"))) for _ in range(dice.randrange(1, 5))
    ]
    faults += _again(dice, "VideoQueue", "VideoQueue again", "failVideo")
    if dice.random() < 0.3:
        faults.append(_outage(dice, ("dynamodb", "s3", "sqs", "stepfunctions"), LENGTH))
    steps.sort(key=lambda step: step.at)
    late = dice.choice((0.3, 0.3, 5.0, 60.0, 600.0, DAY))
    return Program(seed, tuple(steps), tuple(faults), late)


def _overtaken(dice: random.Random, seed: int) -> Program:
    """Have an execution stopped whose function goes on for long, and another one begin meanwhile.

    The next one comes with a copy of the message, which is 90 s late at most.
    """
    function = dice.choice(("planVideo", "packageVideo", "packageVideo", "failVideo"))
    first, last = {"planVideo": (1, 4), "packageVideo": (1, 24), "failVideo": (1, 6)}[function]
    stall = dice.choice((60.0, 120.0, 200.0, 400.0, 850.0))
    faults: tuple[Planned, ...] = (
        Again("VideoQueue", 1),
        Fault(function, dice.randint(first, last), "stall", stall),
        *([_fault(dice, function)] if dice.random() < 0.3 else []),
        *_again(dice, "failVideo"),
    )
    early = function == "planVideo"
    stopped = dice.uniform(0.6, 40.0) if early else dice.uniform(0.9 * LENGTH, 2 * LENGTH)
    steps = [Step(0.0, "put", KEY, "film", 1), Step(round(stopped, 2), "stop")]
    if dice.random() < 0.3:
        steps.append(Step(round(stopped + dice.uniform(0.5, 200.0), 2), "put", KEY, "image", 2))
    return Program(seed, tuple(steps), faults, dice.choice((0.3, 0.3, 5.0, 60.0, 200.0)))


def _later(dice: random.Random, within: float) -> list[Step]:
    """Return what else is done to the key: often nothing."""
    steps = []
    for number in range(dice.choice((0, 0, 1, 1, 2))):
        action = dice.choice(("put", "put", "put", "delete", "put same", "deploy", "redrive"))
        kind = "image" if action == "put" else ""
        at = round(dice.uniform(0.2, within), 2)
        steps.append(Step(at, action, KEY, kind, 2 + number if kind else 0))
    return sorted(steps, key=lambda step: step.at)


def _fault(dice: random.Random, function: str) -> Fault:
    kind = dice.choice(WORKER_KINDS)
    number = dice.choice(CALLS[function])
    return Fault(function, number, kind, dice.choice(STALLS) if kind == "stall" else 0.0)


def _again(dice: random.Random, *places: str) -> list[Again]:
    if dice.random() < 0.5:
        return []
    return [Again(dice.choice(places), dice.choice((1, 1, 2)))]


def _outage(dice: random.Random, services: tuple[str, ...], until: float) -> Outage:
    begins = round(dice.uniform(0, until), 2)
    kind = dice.choice(("throttle", "unavailable"))
    seconds = dice.choice((0.5, 5.0, 60.0, 400.0, 2000.0))
    return Outage(dice.choice(services), begins, seconds, kind, dice.random() < 0.5)
