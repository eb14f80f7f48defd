"""Make schedules of what is not usual: damage that is reconciled, and a small budget."""

from __future__ import annotations

import random

from tests.robustness.model.program import DAY, Program, Step
from tests.robustness.model.schedules import find_functions, make_fault, pick

DAMAGES = (
    ("empty the bucket",),
    ("delete items",),
    ("restore the table",),
    ("purge the queues",),
    ("empty the bucket", "restore the table"),
    ("delete items", "empty the bucket"),
    ("purge the queues", "delete items"),
)
MENDED_KINDS = {"image": 10, "video": 3, "film": 3, "partial": 1, "text": 1, "corrupt": 1}
MENDED_ACTIONS = {
    "put": 10,
    "put same": 2,
    "delete": 3,
    "delete marker": 2,
    "delete newest": 2,
    "deploy": 1,
}

BUDGETED_KINDS = {"film": 5, "image": 2, "video": 1, "deadly": 1}

MEND_ROUNDS = 16
"""Of reconciling: four days, in which what is a day old is looked at and deleted."""


def make_damaged(seed: int) -> Program:
    """Return the schedule of a seed in which somebody does damage, and all is made good again."""
    dice = random.Random(seed)
    keys = [f"{name}.bin" for name in "abc"[: dice.choice((1, 1, 2, 3))]]
    steps, at = [], 0.0
    damages = dice.choice(DAMAGES)
    for turn in range(dice.choice((2, 3, 4, 6))):
        if turn == 1 and "restore the table" in damages:
            steps.append(Step(at, "keep the table"))
            at += dice.choice((1.0, 3600.0, DAY))
        action = "put" if turn == 0 else pick(dice, MENDED_ACTIONS)
        kind = pick(dice, MENDED_KINDS) if action == "put" else ""
        # Without a delay, S3's event never comes.
        delays = () if dice.random() < 0.1 else (0.0,)
        steps.append(Step(round(at, 2), action, dice.choice(keys), kind, turn + 1, delays))
        at += dice.choice((0.4, 2.0, 60.0, 3600.0, DAY))
    for damage in damages:
        steps.append(Step(round(at, 2), damage, number=dice.randrange(2)))
        at += dice.choice((0.0, 1.0, 60.0))
    functions = {**find_functions({each.kind for each in steps}), "reconcile": 60}
    faults = [make_fault(dice, at, functions, 0.2) for _ in range(dice.choice((0, 0, 1, 2)))]
    return Program(seed, tuple(steps), tuple(faults), rounds=MEND_ROUNDS)


def make_budgeted(seed: int) -> Program:
    """Return the schedule of a seed in a stage whose budget lasts for two films a day."""
    dice = random.Random(seed)
    keys = [f"{name}.bin" for name in "abc"[: dice.choice((1, 2, 3))]]
    steps, at = [], 0.0
    for turn in range(dice.choice((3, 4, 5, 6))):
        action = dice.choices(("put", "delete", "put same"), (8, 1, 1))[0] if turn else "put"
        kind = pick(dice, BUDGETED_KINDS) if action == "put" else ""
        steps.append(Step(round(at, 2), action, dice.choice(keys), kind, turn))
        at += dice.choice((0.4, 20.0, 60.0, 600.0, 10_000.0))
    functions = find_functions({each.kind for each in steps})
    faults = [make_fault(dice, at, functions, 0.2) for _ in range(dice.choice((0, 1, 2, 3)))]
    return Program(seed, tuple(steps), tuple(faults), dollars=1)
