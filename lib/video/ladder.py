"""Decide which renditions a probed source gets, and their sizes. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from lib.model import Probe, RenditionKind
from lib.presets import Preset

POSTER_NAME = "poster.jpg"
SOUND_NAME = "audio.m4a"


@dataclass(frozen=True, slots=True)
class Target:
    """One rendition to make. `name` is its file name; sizes in px, None for sound alone."""

    name: str
    kind: RenditionKind
    mime: str
    width: int | None = None
    height: int | None = None


def plan(probe: Probe, preset: Preset) -> tuple[Target, ...]:
    """Return the renditions of a source: a progressive MP4 and its poster, or one audio file."""
    if probe.width is None or probe.height is None:
        return (Target(SOUND_NAME, RenditionKind.AUDIO, "audio/mp4"),)
    width, height = fit(probe.width, probe.height, preset.video.max_height)
    return (
        Target(f"{min(width, height)}p.mp4", RenditionKind.VIDEO, "video/mp4", width, height),
        Target(POSTER_NAME, RenditionKind.POSTER, "image/jpeg", width, height),
    )


def fit(width: int, height: int, max_short_side: int) -> tuple[int, int]:
    """Scale a display size down until its short side fits; both sides even, at least 2 px.

    H.264 in 4:2:0 halves the colour planes, so that odd sizes do not exist.
    """
    scale = min(1.0, max_short_side / min(width, height))
    return _even(width * scale), _even(height * scale)


def _even(side: float) -> int:
    return max(2, int(side + 1e-6) // 2 * 2)
