"""One file and its right values, as an `expected.toml` beside it has them."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EXPECTED = "expected.toml"

TOLD = frozenset(
    {"kind", "why", "how", "make", "made", "report", "verdict_of_report", "path", "color_tolerance"}
)
"""Keys that say what a file is, where its values come from, or how others are compared."""

Facts = Mapping[str, Any]
Check = Callable[[Any, Any, Facts], Iterator[str]]
"""Takes what was made, a right value, and all right values; yields what differs."""


@dataclass(frozen=True, slots=True)
class Case:
    """A file at `path`; `facts` are its right values, and some words about it."""

    path: Path
    facts: Facts

    @property
    def name(self) -> str:
        return self.path.name


def read_cases(folder: Path) -> tuple[Case, ...]:
    """Return the files that a folder's `expected.toml` names, whether they are there or not."""
    expected = tomllib.loads((folder / EXPECTED).read_text("utf-8"))
    return tuple(Case(folder / name, facts) for name, facts in expected.items())


def compare(made: Any, facts: Facts, find: Callable[[str], Check | None]) -> list[str]:
    """Return all that differs from the right values, a line each.

    `find` gives the check of a key. A key without one is a difference: nothing is passed over.
    `either` is a list of alternatives; `or_` is checked where all others are not right.
    """
    lines = (line for each in facts for line in _compare_one(made, each, facts, find))
    differences = list(dict.fromkeys(lines))
    if differences and "or_" in facts:
        instead = list((find("or_") or _unknown("or_"))(made, facts["or_"], facts))
        return [*differences, *instead] if instead else []
    return differences


def _compare_one(
    made: Any, key: str, facts: Facts, find: Callable[[str], Check | None]
) -> Iterator[str]:
    if key in TOLD or key == "or_":
        return
    if key == "either":
        tried = [compare(made, {**facts_apart(facts), **each}, find) for each in facts[key]]
        if all(tried):
            yield " / ".join("; ".join(each) for each in tried)
        return
    yield from (find(key) or _unknown(key))(made, facts[key], facts)


def facts_apart(facts: Facts) -> Facts:
    """Return what only says how others are compared."""
    return {key: facts[key] for key in facts if key in TOLD}


def expect(key: str, received: object, expected: object) -> Iterator[str]:
    """Yield a line where a value is not the right one."""
    if received != expected:
        yield f"{key}: expected {expected} but received {received}"


def _unknown(key: str) -> Check:
    def check(*_: object) -> Iterator[str]:
        yield f"{key}: nothing is known of this key"

    return check
