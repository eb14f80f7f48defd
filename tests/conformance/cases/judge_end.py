"""Checks of what images and videos have in common: how their assets ended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.conformance.cases.case import Check, Facts, expect


def _status(made: Any, expected: str, _: Facts) -> Iterator[str]:
    yield from expect("status", str(made.asset.status), expected)


def _error(made: Any, expected: str, _: Facts) -> Iterator[str]:
    yield from expect("error", str(made.asset.error and made.asset.error.code), expected)


def _message_says(made: Any, expected: str, _: Facts) -> Iterator[str]:
    message = made.asset.error.message if made.asset.error else ""
    for part in expected.split(","):
        if part.strip().lower() not in message.lower():
            yield f"message_says: expected {part.strip()!r} in {message!r}"


def _warnings(made: Any, expected: list[str], _: Facts) -> Iterator[str]:
    received = {str(each.code) for each in made.asset.probe.warnings}
    yield from expect("warnings", received, set(expected))


def _complete(made: Any, expected: bool, _: Facts) -> Iterator[str]:
    yield from expect("complete", made.asset.probe.complete, expected)


ENDS: dict[str, Check] = {
    "status": _status,
    "error": _error,
    "message_says": _message_says,
    "warnings": _warnings,
    "complete": _complete,
}
