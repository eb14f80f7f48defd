"""What DynamoDB's expressions compute with: attribute values such as {"S": "text"}, and paths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

Item: TypeAlias = Mapping[str, Any]
Names: TypeAlias = Mapping[str, str]
Values: TypeAlias = Mapping[str, Any]


def find(item: Item, steps: Sequence[str | int], names: Names) -> Any:
    """Return the attribute value at a path, or None."""
    found: Any = {"M": item}
    for step in steps:
        if isinstance(step, int):
            inner = found.get("L", [])
            found = inner[step] if step < len(inner) else None
        else:
            found = found.get("M", {}).get(names[step] if step[0] == "#" else step)
        if found is None:
            return None
    return found


def number(value: Any) -> int | Decimal:
    """Return a number as one; whole ones fast."""
    text = value["N"]
    return int(text) if text.isdigit() else Decimal(text)


def same(first: Any, second: Any) -> bool:
    """Tell whether two attribute values are equal: numbers by value, sets in any order."""
    if first == second:
        return True
    if first is None or second is None or first.keys() != second.keys():
        return False
    if "N" in first:
        return number(first) == number(second)
    kind = next(iter(first))
    return kind in ("SS", "NS", "BS") and set(first[kind]) == set(second[kind])


def is_type(value: Any, kind: Any) -> bool:
    """Tell whether a value is of a type."""
    return kind["S"] in value


def begins_with(value: Any, start: Any) -> bool:
    """Tell whether a text begins with another."""
    return "S" in value and "S" in start and value["S"].startswith(start["S"])


def contains(value: Any, part: Any) -> bool:
    """Tell whether a text, list or set contains something."""
    [(kind, content)] = value.items()
    if kind == "S":
        return "S" in part and part["S"] in content
    if kind == "L":
        return any(same(each, part) for each in content)
    return kind in ("SS", "NS", "BS") and part.get(kind[0]) in content
