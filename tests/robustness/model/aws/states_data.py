"""What flows between the states of a machine: paths into it, templates of it, and choices by it.

https://states-language.net/spec.html
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, TypeAlias

STEP = re.compile(r"\.([A-Za-z_][\w-]*)|\[(\d+)\]|\['([^']+)'\]")
Step: TypeAlias = str | int


class StateError(Exception):
    """A state failed: an error's name, as Retry and Catch match it, and its cause."""

    def __init__(self, error: str, cause: str = "") -> None:
        super().__init__(error, cause)
        self.error = error
        self.cause = cause


def runtime_error(cause: str) -> StateError:
    """Return the error of a machine that asks for what is not there: nothing catches it."""
    return StateError("States.Runtime", cause)


@cache
def parse_path(path: str) -> tuple[bool, tuple[Step, ...]]:
    """Return whether a path is into the context, and its steps. Raises NotImplementedError."""
    of_context = path.startswith("$$")
    rest = path[2 if of_context else 1 :]
    if not path.startswith("$") or STEP.sub("", rest):
        raise NotImplementedError(f"a path or function: {path}")
    steps = [int(found[2]) if found[2] else found[1] or found[3] for found in STEP.finditer(rest)]
    return of_context, tuple(steps)


def read(path: str, data: Any, context: Any) -> Any:
    """Return what is at a path. Raises StateError where nothing is."""
    of_context, steps = parse_path(path)
    found = context if of_context else data
    for step in steps:
        try:
            found = found[step]
        except (KeyError, IndexError, TypeError) as exc:
            raise runtime_error(f"The path '{path}' could not be found in the input") from exc
    return found


def has(path: str, data: Any, context: Any) -> bool:
    """Tell whether something is at a path."""
    try:
        read(path, data, context)
    except StateError:
        return False
    return True


def write(path: str | None, data: Any, result: Any) -> Any:
    """Return the data with a result at a path; the data itself stays as it is."""
    if path is None:
        return data
    _, steps = parse_path(path)
    return _written(steps, data, result, path)


def _written(steps: Sequence[Step], data: Any, result: Any, path: str) -> Any:
    if not steps:
        return result
    if not isinstance(data, Mapping):
        raise StateError("States.ResultPathMatchFailure", f"'{path}' can not be written to")
    [first, *rest] = steps
    return {**data, first: _written(rest, data.get(first, {}), result, path)}


def fill(template: Any, data: Any, context: Any) -> Any:
    """Return a template of Parameters, ItemSelector or ResultSelector with its paths read."""
    if isinstance(template, Mapping):
        return {
            key.removesuffix(".$"): (
                read(value, data, context) if key.endswith(".$") else fill(value, data, context)
            )
            for key, value in template.items()
        }
    if isinstance(template, list):
        return [fill(each, data, context) for each in template]
    return template


COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}
KINDS: Mapping[str, Callable[[Any], bool]] = {
    "String": lambda value: isinstance(value, str),
    "Boolean": lambda value: isinstance(value, bool),
    "Numeric": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "Null": lambda value: value is None,
}
COMPARISON = re.compile(rf"({'|'.join(KINDS)})({'|'.join(COMPARISONS)})(Path)?")


def choose(state: Mapping[str, Any], data: Any, context: Any) -> str:
    """Return the state that a Choice leads to. Raises StateError."""
    for choice in state["Choices"]:
        if _holds(choice, data, context):
            return str(choice["Next"])
    if "Default" not in state:
        raise StateError("States.NoChoiceMatched", "No choice matched, and there is no default")
    return str(state["Default"])


def _holds(rule: Mapping[str, Any], data: Any, context: Any) -> bool:
    if "And" in rule:
        return all(_holds(each, data, context) for each in rule["And"])
    if "Or" in rule:
        return any(_holds(each, data, context) for each in rule["Or"])
    if "Not" in rule:
        return not _holds(rule["Not"], data, context)
    [(test, expected)] = (
        (key, value) for key, value in rule.items() if key not in ("Variable", "Next", "Comment")
    )
    if test == "IsPresent":
        return has(rule["Variable"], data, context) is expected
    value = read(rule["Variable"], data, context)
    if test.startswith("Is") and test[2:] in KINDS:
        return KINDS[test[2:]](value) is expected
    found = COMPARISON.fullmatch(test)
    if found is None:
        raise NotImplementedError(f"a choice by {test}")
    if found[3]:
        expected = read(expected, data, context)
    same_kind = KINDS[found[1]](value) and KINDS[found[1]](expected)
    return same_kind and COMPARISONS[found[2]](value, expected)
