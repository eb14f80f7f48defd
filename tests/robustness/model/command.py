"""`npm run chaos -- --schedules N`: run seeded schedules of the model, and tell what broke."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from tests.robustness.model.program import Program
from tests.robustness.model.run import Result, load_code
from tests.robustness.model.run import run as run_program
from tests.robustness.model.schedules import make_program
from tests.robustness.model.shrink import shrink
from tests.robustness.model.special_schedules import make_budgeted, make_damaged
from tests.robustness.model.story import tell

CHUNK = 250
"""Schedules between two reports of a process."""

MOST_STORIES = 5

MAKERS: Mapping[str, Callable[[int], Program]] = {
    "usual": make_program,
    "damage": make_damaged,
    "budget": make_budgeted,
}
"""What makes a schedule of a seed, by what happens in it."""


@dataclass(slots=True)
class Chunk:
    """What a run of seeds gave: how many, and those that broke something."""

    first: int
    schedules: int
    broken: list[tuple[int, str, str]] = field(default_factory=list)


def add_arguments(group: argparse._ArgumentGroup) -> None:
    """Add the options of the model."""
    group.add_argument("--schedules", type=int, default=1000, help="how many (1000); 0: no end")
    group.add_argument("--schedule", type=int, metavar="SEED", help="tell the story of one")
    group.add_argument("--processes", type=int, default=os.cpu_count(), help="beside each other")
    group.add_argument(
        "--of",
        choices=[*MAKERS],
        default="usual",
        help="damage: operators delete, and it is reconciled; budget: few films a day",
    )
    group.add_argument("--keep-going", action="store_true", help="after the first break too")


def run(arguments: argparse.Namespace) -> int:
    """Return 0 where nothing broke, else 1."""
    if arguments.schedule is not None:
        with load_code().installed():
            result = run_program(MAKERS[arguments.of](arguments.schedule), traced=True)
        print(tell(result))
        return 1 if result.broken else 0
    return run_many(arguments)


def run_many(arguments: argparse.Namespace) -> int:
    """Run schedule after schedule, in some processes."""
    started, total = time.monotonic(), 0
    broken: list[tuple[int, str, str]] = []
    last = arguments.seed + arguments.schedules if arguments.schedules else None
    print(
        f"schedules from seed {arguments.seed} on, in {arguments.processes} processes", flush=True
    )
    with multiprocessing.Pool(arguments.processes, initializer=_pin) as pool:
        chunks = _chunks(arguments.seed, last, arguments.of)
        for chunk in pool.imap_unordered(run_chunk, chunks):
            total += chunk.schedules
            broken += chunk.broken
            for seed, invariant, message in chunk.broken:
                print(f"\rseed {seed}: {invariant}: {message[:120]}", flush=True)
            seconds = time.monotonic() - started
            counted = ", ".join(f"{name}: {n}" for name, n in Counter(b[1] for b in broken).items())
            print(
                f"\r{total:,} schedules, {total / seconds:,.0f} a second, {counted or 'all well'} ",
                end="",
                flush=True,
            )
            if (arguments.seconds and seconds > arguments.seconds) or (
                broken and not arguments.keep_going
            ):
                pool.terminate()
                break
    print()
    shown: Counter[str] = Counter()
    for seed, invariant, _ in sorted(broken):
        if not shown[invariant] and shown.total() < MOST_STORIES:
            shown[invariant] += 1
            print("\n" + explain(MAKERS[arguments.of](seed), invariant), flush=True)
    for seed, invariant, message in sorted(broken)[:50]:
        print(f"seed {seed}: {invariant}: {message}")
    return 1 if broken else 0


def run_chunk(chunk: tuple[int, int, str]) -> Chunk:
    """Run the schedules of some seeds: the first, how many, and of which kind."""
    first, count, what = chunk
    broken = []
    with load_code().installed():
        for seed in range(first, first + count):
            result = run_program(MAKERS[what](seed))
            if result.broken:
                broken.append((seed, result.broken, result.message))
    return Chunk(first, count, broken)


def explain(program: Program, invariant: str) -> str:
    """Shrink a schedule that breaks an invariant; return its story."""
    with load_code().installed():
        shortest = shrink(program, lambda each: run_program(each).broken == invariant)
        return tell(_again(shortest))


def _again(program: Program) -> Result:
    return run_program(program, traced=True)


def _chunks(first: int, last: int | None, what: str) -> Iterator[tuple[int, int, str]]:
    while last is None or first < last:
        yield first, CHUNK if last is None else min(CHUNK, last - first), what
        first += CHUNK


def _pin() -> None:
    """Keep a process on one core: its threads take turns anyway, and wake sooner there."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        number = multiprocessing.current_process()._identity[0]
        os.sched_setaffinity(0, {cores[number % len(cores)]})
