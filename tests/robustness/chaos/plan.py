"""Draw by a seed what is done to a stage, and when."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from tests.robustness.chaos.faults import Breakdown
from tests.robustness.chaos.media import SHARES, Medium

OVERWRITES = 0.2
"""Of uploads that go to a key which has one."""

AFTERWARDS = 0.35
"""Of uploads that something is done to soon after."""


class Deed(StrEnum):
    """What is done, by a user, by AWS or by chance."""

    PUT = "put"
    DELETE = "delete"
    UNDELETE = "delete and delete the marker"
    DELETE_NEWEST = "delete the newest version"
    COPY_BACK = "copy the oldest version over the newest"
    REPEAT_EVENT = "repeat an S3 event"
    REPEAT_MESSAGE = "repeat a message"
    POISON = "send a poison message"
    KILL = "kill a worker"
    FREEZE = "freeze a worker"
    FREEZE_ALL = "freeze the emulator"
    OUTAGE = "let a service refuse"


LATER = (
    (Deed.DELETE, 4),
    (Deed.UNDELETE, 4),
    (Deed.DELETE_NEWEST, 3),
    (Deed.COPY_BACK, 2),
)


@dataclass(frozen=True, slots=True)
class Step:
    """One deed: `at` seconds from the start; `key` and `medium` where it is about an upload."""

    at: float
    deed: Deed
    key: str = ""
    medium: Medium | None = None
    seconds: float = 0.0
    """Of a freeze."""
    seed: int = 0
    """What chance remains to whoever does it."""
    how: Breakdown | None = None
    """Of an outage."""


class Fault(StrEnum):
    """What `--faults` names."""

    KILLS = "kills"
    STOPS = "stops"
    CALLS = "calls"
    OUTAGES = "outages"
    REPEATS = "repeats"
    POISON = "poison"


@dataclass(frozen=True, slots=True)
class Plan:
    """All that is done in a run."""

    seed: int
    steps: tuple[Step, ...]
    share: float
    """Of calls that meet a fault of their own."""


@dataclass(frozen=True, slots=True)
class Options:
    """How much of it: uploads over so many seconds, and which faults."""

    seed: int
    uploads: int
    seconds: float
    faults: frozenset[Fault]


def draw(options: Options) -> Plan:
    """Return the plan of a seed: the same one each time."""
    chance = random.Random(options.seed)
    steps = [*_draw_uploads(chance, options), *_draw_faults(chance, options)]
    if Fault.OUTAGES in options.faults:
        steps += _draw_outages(chance, options)
    share = 0.03 if Fault.CALLS in options.faults else 0.0
    ordered = tuple(sorted(steps, key=lambda each: each.at))
    return Plan(options.seed, ordered, share)


def _draw_uploads(chance: random.Random, options: Options) -> list[Step]:
    steps: list[Step] = []
    keys: list[str] = []
    times = sorted(chance.uniform(0, options.seconds) for _ in range(options.uploads))
    first = chance.sample(list(SHARES), len(SHARES))  # each of them once, before chance has it
    for number, at in enumerate(times):
        medium = first[number] if number < len(first) else _choose(chance, SHARES)
        if keys and chance.random() < OVERWRITES:
            key = chance.choice(keys[-20:])
        else:
            key = f"chaos/{number}.{medium}"
            keys.append(key)
        steps.append(Step(at, Deed.PUT, key, medium, seed=chance.getrandbits(32)))
        if chance.random() < AFTERWARDS:
            deed = _choose(chance, dict(LATER))
            steps.append(Step(at + chance.expovariate(0.5), deed, key))
    return steps


def _draw_faults(chance: random.Random, options: Options) -> list[Step]:
    """Return the steps of each kind that is asked for, spread over the time."""
    per_upload = {
        Fault.KILLS: ((Deed.KILL, 0.25),),
        Fault.STOPS: ((Deed.FREEZE, 0.05), (Deed.FREEZE_ALL, 0.01)),
        Fault.REPEATS: ((Deed.REPEAT_EVENT, 0.25), (Deed.REPEAT_MESSAGE, 0.15)),
        Fault.POISON: ((Deed.POISON, 0.03),),
    }
    steps = []
    for fault in sorted(options.faults & per_upload.keys()):
        for deed, share in per_upload[fault]:
            for _ in range(max(1, round(share * options.uploads))):
                at = chance.uniform(0, options.seconds)
                seconds = chance.uniform(1, 8)
                steps.append(Step(at, deed, seconds=seconds, seed=chance.getrandbits(32)))
    return steps


OUTAGES = (
    Breakdown("s3", 20, True, 503, "SlowDown"),
    Breakdown("s3", 10, True, 403, "AccessDenied"),
    Breakdown("dynamodb", 15, False, 400, "ProvisionedThroughputExceededException"),
    Breakdown("sqs", 8, True, 500, "InternalFailure"),
    Breakdown("sns", 8, True, 500, "InternalFailure"),
    Breakdown("states", 8, True, 500, "InternalError"),
)


def _draw_outages(chance: random.Random, options: Options) -> list[Step]:
    """Return outages one after another, with about as much time between them, while they fit."""
    steps: list[Step] = []
    start = 0.0
    while True:
        for how in chance.sample(OUTAGES, len(OUTAGES)):
            seconds = min(how.seconds, options.seconds / 5)
            start += chance.uniform(0.5, 1.5) * seconds
            if start + seconds > options.seconds:
                return steps
            steps.append(Step(start, Deed.OUTAGE, how=replace(how, seconds=seconds)))
            start += seconds


def _choose(chance: random.Random, shares: dict[Any, int]) -> Any:
    return chance.choices(list(shares), list(shares.values()))[0]
