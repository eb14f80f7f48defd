"""What a field may be. A check returns a value as the recipe wants it, or raises ValueError.

The error says what was expected; who calls adds the place and what was received.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields
from enum import StrEnum
from typing import Any

from lib.domain import codecs
from lib.domain.formats import OUTPUTS

Check = Callable[[Any], Any]

IMAGE_FORMATS = tuple(OUTPUTS)
VIDEO_CODECS = tuple(codecs.VIDEO_CODECS)
X264_SPEEDS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow")
POSITIONS = (
    *("north-west", "north", "north-east"),
    *("west", "centre", "east"),
    *("south-west", "south", "south-east"),
)
ATTENTION = "attention"
LONGEST_SIDE = min(each.longest_side for each in OUTPUTS.values())
"""px: what every format can hold."""


def number(low: float, high: float, *, whole: bool = True) -> Check:
    """Allow a number in a range, both ends included."""
    kind = "a whole number" if whole else "a number"

    def check(value: Any) -> Any:
        allowed = (int,) if whole else (int, float)
        if isinstance(value, bool) or not isinstance(value, allowed) or not low <= value <= high:
            raise ValueError(f"{kind} from {low:g} to {high:g}")
        return value if whole else float(value)

    return check


def one_of(*choices: str) -> Check:
    """Allow one of some words."""

    def check(value: Any) -> Any:
        if value not in choices:
            raise ValueError("one of " + ", ".join(choices))
        return value

    return check


def distinct(item: Check, what: str) -> Check:
    """Allow a list of at least one, without repetition; returns a tuple."""

    def check(value: Any) -> Any:
        if not isinstance(value, list) or not value:
            raise ValueError(f"a list of {what}, at least one")
        try:
            checked = [item(each) for each in value]
        except ValueError as exc:
            raise ValueError(f"a list of {what}, each {exc}") from exc
        if len(set(checked)) != len(checked):
            raise ValueError(f"a list of {what} without repetition")
        return tuple(checked)

    return check


def ascending(check_list: Check) -> Check:
    """Allow what a list check does; returns it sorted."""
    return lambda value: tuple(sorted(check_list(value)))


def color(value: Any) -> Any:
    """Allow `#rrggbb`; returns it in lower case."""
    if not isinstance(value, str) or not re.fullmatch(r"#[0-9a-fA-F]{6}", value):
        raise ValueError('a colour like "#ffffff"')
    return value.lower()


def flag(value: Any) -> Any:
    """Allow true and false."""
    if not isinstance(value, bool):
        raise ValueError("true or false")  # noqa: TRY004 - one kind of error for all checks
    return value


def config_object(value: Any) -> Any:
    """Allow a key below `config/`."""
    if not isinstance(value, str) or not re.fullmatch(r"config(/[\w-][\w.-]*)+", value):
        raise ValueError('the key of an object below config/, like "config/logo.png"')
    return value


def quality_by_format(value: Any) -> Any:
    """Allow `"auto"` (returns None) or a table of numbers by format."""
    if value == "auto":
        return None
    if not isinstance(value, dict) or set(value) - set(IMAGE_FORMATS):
        formats = ", ".join(IMAGE_FORMATS)
        raise ValueError(f'"auto" or a table of format = quality for {formats}')
    check = number(1, 100)
    return {name: check(each) for name, each in sorted(value.items())}


def fallback_by_format(value: Any) -> Any:
    """Allow a table of format = another format."""
    if not isinstance(value, dict) or any(
        name not in IMAGE_FORMATS or other not in IMAGE_FORMATS or name == other
        for name, other in value.items()
    ):
        raise ValueError("a table of format = another format, of " + ", ".join(IMAGE_FORMATS))
    return dict(sorted(value.items()))


def member_of(kind: type[StrEnum]) -> Check:
    """Allow the values of an enumeration; returns its member."""
    return lambda value: kind(one_of(*kind)(value))


def crf_by_codec(value: Any) -> Any:
    """Allow a table of codec = constant rate factor."""
    if not isinstance(value, dict) or not value or set(value) - set(VIDEO_CODECS):
        raise ValueError("a table of codec = factor for " + ", ".join(VIDEO_CODECS))
    check = number(0, 63)
    return {name: check(each) for name, each in sorted(value.items())}


def checks_of(model: type) -> dict[str, Check]:
    """Return the checks of a dataclass of `lib.presets.model` by field, in their order."""
    return {
        each.name: check
        for each in fields(model)
        for check in getattr(each.type, "__metadata__", ())
    }
