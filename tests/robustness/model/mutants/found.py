"""Whether a schedule of the model finds a mutant."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from tests.robustness.model import turns
from tests.robustness.model.mutants.hard import make_hard_program, make_hasty_program
from tests.robustness.model.mutants.patch import Mutant, applied
from tests.robustness.model.program import Program
from tests.robustness.model.run import load_code, run
from tests.robustness.model.schedules import make_program
from tests.robustness.model.special_schedules import make_damaged

FOUND_FILE = Path(__file__).with_name("found.json")


@cache
def read_found() -> dict[str, str]:
    """Return the schedules that found mutants, by the mutants' names."""
    found: dict[str, str] = json.loads(FOUND_FILE.read_text()) if FOUND_FILE.exists() else {}
    return found


MOST_EVENTS = 8_000
"""After which a mutant's schedule counts as one that never comes to rest: others take far fewer."""

MAKERS: Mapping[str, Callable[[int], Program]] = {
    "usual": make_program,
    "hard": make_hard_program,
    "hasty": make_hasty_program,
    "damaged": make_damaged,
}


def make(schedule: str) -> Program:
    """Return a schedule by its name: a word of MAKERS, and a seed."""
    word, seed = schedule.split()
    return MAKERS[word](int(seed))


def some(count: int) -> Iterator[str]:
    """Yield the names of so many schedules of each kind, a kind after the other."""
    for seed in range(count):
        for word in MAKERS:
            yield f"{word} {seed}"


def find(mutant: Mutant, schedules: Iterable[str]) -> tuple[str, str] | None:
    """Return the first schedule that breaks something, and what; None where none does.

    Only schedules count that the functions get through as they are.
    """
    code = load_code()
    left = iter(schedules)
    while True:
        found = None
        with code.installed(), applied(mutant, code), _impatient():
            for each in left:
                if broken := _broken(each):
                    found = each, broken
                    break
        if found is None:
            return None
        with code.installed():
            if not run(make(found[0])).broken:
                return found


@contextmanager
def _impatient() -> Iterator[None]:
    before, turns.MOST_EVENTS = turns.MOST_EVENTS, MOST_EVENTS
    try:
        yield
    finally:
        turns.MOST_EVENTS = before


def _broken(schedule: str) -> str | None:
    try:
        return run(make(schedule)).broken
    except Exception as exc:
        return type(exc).__name__
