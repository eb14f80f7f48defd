"""The rows of the scorecard, by theme."""

from __future__ import annotations

from collections.abc import Iterator

from tests.conformance.scorecard import (
    animations,
    colors,
    inputs,
    orientation,
    privacy,
    scaling,
    shapes,
)
from tests.conformance.scorecard.case import FINE, Case
from tests.conformance.scorecard.shapes import MARK

__all__ = ["FINE", "MARK", "Case", "cases"]

THEMES = (inputs, orientation, colors, animations, shapes, scaling, privacy)


def cases() -> Iterator[Case]:
    """Build all rows."""
    for theme in THEMES:
        yield from theme.cases()
