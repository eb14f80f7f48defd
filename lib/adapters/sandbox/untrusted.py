"""Take values from JSON that an attacker may have written: of one type, in a range, of one form.

What is something else raises InvalidResponseError.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from lib.adapters.sandbox.protocol import LONGEST_TEXT

LARGEST_NUMBER = 2**53
"""Beyond it JSON numbers lose digits."""

Head = Mapping[str, Any]
Check = Callable[[Any], Any]


class InvalidResponseError(Exception):
    """A response that the child's own code does not give."""


def integer(low: int, high: int = LARGEST_NUMBER) -> Check:
    """Take a whole number in a range."""

    def check(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise InvalidResponseError("a number")
        return value

    return check


def number(value: Any) -> float:
    """Take a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidResponseError("a number")
    if not math.isfinite(value) or abs(value) > LARGEST_NUMBER:
        raise InvalidResponseError("a number")
    return value


def flag(value: Any) -> bool:
    """Take true or false."""
    if not isinstance(value, bool):
        raise InvalidResponseError("a flag")
    return value


def text(value: Any) -> str:
    """Take text, printable and of bounded length."""
    if not isinstance(value, str):
        raise InvalidResponseError("text")
    return "".join(each if each.isprintable() else " " for each in value[:LONGEST_TEXT])


def matching(pattern: str) -> Check:
    """Take text of one form."""

    def check(value: Any) -> str:
        if not isinstance(value, str) or not re.fullmatch(pattern, value, re.ASCII):
            raise InvalidResponseError("text of another form")
        return value

    return check


def optional(head: Head, name: str, check: Check) -> Any:
    """Take a field that may be missing. Raises InvalidResponseError."""
    value = head.get(name)
    return None if value is None else check(value)


def table(head: Head, name: str) -> Head:
    """Take a field that is an object. Raises InvalidResponseError."""
    value = head.get(name)
    if not isinstance(value, dict):
        raise InvalidResponseError("a table")
    return value


def list_of(head: Head, name: str, length: int) -> list[Any]:
    """Take a field that is a list of a length. Raises InvalidResponseError."""
    value = head.get(name)
    if not isinstance(value, list) or len(value) != length:
        raise InvalidResponseError("a list")
    return value
