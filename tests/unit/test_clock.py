"""Moments as they are written down."""

from __future__ import annotations

import pytest

from lib.domain.clock import DAY_SECONDS, from_iso, to_iso


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_769_860_800.25, "2026-01-31T12:00:00.250Z"),
        (1_769_860_800.9996, "2026-01-31T12:00:00.999Z"),
    ],
)
def test_a_moment_has_one_width_and_is_truncated(seconds: float, text: str) -> None:
    assert to_iso(seconds) == text
    assert from_iso(text) == pytest.approx(seconds, abs=0.001)


def test_a_day_is_the_step_from_midnight_to_midnight() -> None:
    assert to_iso(20_484 * DAY_SECONDS) == "2026-01-31T00:00:00.000Z"
    assert to_iso(20_484 * DAY_SECONDS - 1) == "2026-01-30T23:59:59.000Z"
