"""How long an encode takes here: guessed at first, then learnt from those that were made."""

from __future__ import annotations

from collections.abc import Mapping

from lib.domain.errors import ErrorCode, TransientError

ENCODE_MARGIN = 5.0
"""Seconds that must be left when an encode is done, to store what was made."""

SECONDS_PER_MEGAPIXEL = {"avif": 0.2, "webp": 0.3, "jpeg": 0.05}
"""On one vCPU, until the process has measured its own."""

LARGE_ENOUGH = 50_000
"""Pixels below which a measurement says more about the start than about the pixels."""

_learnt: dict[str, float] = {}


def expected(image_format: str, pixels: int) -> float:
    """Return the seconds that an encode will take, as far as this process knows."""
    rate = _learnt.get(image_format, SECONDS_PER_MEGAPIXEL[image_format])
    return rate * pixels / 1e6


def learn(image_format: str, pixels: int, seconds: float) -> None:
    """Take an encode's time into account, as much as all before it together."""
    if pixels >= LARGE_ENOUGH:
        rate = seconds / pixels * 1e6
        _learnt[image_format] = (_learnt.get(image_format, rate) + rate) / 2


def refuse_late(what: str, needed: float, left: float) -> None:
    """Raise TransientError(DEADLINE_NEAR) for what needs more seconds than are left."""
    if left < needed + ENCODE_MARGIN:
        raise TransientError(
            ErrorCode.DEADLINE_NEAR,
            f"{what} needs {needed:.1f} s to encode and {ENCODE_MARGIN:.0f} s to store, "
            f"{max(left, 0):.1f} s are left",
        )


def learnt() -> dict[str, float]:
    """Return what was measured, in seconds a megapixel by format."""
    return dict(_learnt)


def adopt(measured: Mapping[str, float]) -> None:
    """Go on from what another process has measured."""
    _learnt.update(measured)
