"""Compare how long a source said to be with how long it turned out to be. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from lib.domain.media import AudioProbe, MediaWarning, WarningCode
from lib.video.plan.proportion import longest_s

MS_PER_S = 1000

USUAL_MS, USUAL_PART = 1000, 0.05
"""What tracks start later or end earlier by, and what headers round: no word is lost on that."""

AnyProbe = TypeVar("AnyProbe", bound=AudioProbe)


def note_length(probe: AnyProbe, made_ms: int, size: int | None) -> AnyProbe:
    """Return a probe with the length that was made, and a warning where that is another.

    `size`: what was received, in bytes; None where that bounds nothing.
    """
    said_ms = probe.duration_ms
    if said_ms and abs(made_ms - said_ms) <= max(USUAL_MS, said_ms * USUAL_PART):
        return probe
    is_cut = size is not None and made_ms >= MS_PER_S * (longest_s(size, said_ms) - 1)
    if not said_ms and not is_cut:
        return replace(probe, duration_ms=made_ms)
    said = f"of {said_ms / MS_PER_S:.1f} s" if said_ms else "without an end"
    lengths = f"{made_ms / MS_PER_S:.1f} s were made of a source {said}"
    if is_cut or (said_ms and made_ms < said_ms):
        warnings = (*probe.warnings, MediaWarning(WarningCode.INCOMPLETE, lengths))
        return replace(probe, duration_ms=made_ms, complete=False, warnings=warnings)
    warning = MediaWarning(WarningCode.DURATION_DIFFERS, lengths)
    return replace(probe, duration_ms=made_ms, warnings=(*probe.warnings, warning))
