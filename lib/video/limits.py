"""Refuse what is too long or too large, before any of it is decoded."""

from __future__ import annotations

from lib.errors import ErrorCode, PermanentError
from lib.model import Probe
from lib.presets import Limits

MAX_SIDE = 8192
"""px. 8K video is 7680 wide; a decoder's memory grows with the area."""

_MS_PER_HOUR = 3_600_000


def check_limits(probe: Probe, limits: Limits) -> None:
    """Pass, or raise PermanentError(LIMIT_EXCEEDED) saying what was expected and received."""
    hours = (probe.duration_ms or 0) / _MS_PER_HOUR
    if hours > limits.video_hours:
        raise _exceeded(f"at most {limits.video_hours:g} hours", f"{hours:.2f}")
    if max(probe.width or 0, probe.height or 0) > MAX_SIDE:
        raise _exceeded(f"at most {MAX_SIDE} px a side", f"{probe.width} x {probe.height}")


def _exceeded(expected: str, received: str) -> PermanentError:
    return PermanentError(
        ErrorCode.LIMIT_EXCEEDED, f"expected {expected} of video but received {received}"
    )
