"""Decide the rungs of a ladder: their sizes and limits. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from lib.domain.codecs import VIDEO_CODECS
from lib.domain.media import VideoProbe
from lib.presets import VideoPreset

OWN_HEIGHT = 1.15
"""How much taller than the highest rung below it a source must be to get a rung of its own."""

MOST_KBPS = {240: 500, 360: 900, 480: 1600, 720: 3500, 1080: 6500, 1440: 12_000, 2160: 22_000}
"""Short side in px → kbit/s of H.264 at 30 frames a second that a rung never passes."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One height of the ladder in one codec. Sizes in px, even; `max_kbps` is its peak."""

    codec: str
    width: int
    height: int
    crf: int
    max_kbps: int

    @property
    def name(self) -> str:
        """Return the folder of its segments: `h264-720`."""
        return f"{self.codec}-{min(self.width, self.height)}"


def ladder(probe: VideoProbe, preset: VideoPreset) -> tuple[Rung, ...]:
    """Return the rungs of a source by codec, ascending; none for audio alone.

    Heights are those of the preset that do not pass the source's short side, and the source's own
    where the next one below is much smaller.
    """
    if probe.width is None or probe.height is None:
        return ()
    short = min(probe.width, probe.height)
    heights = [each for each in preset.ladder if each <= short]
    if short < preset.ladder[-1] and short > OWN_HEIGHT * max(heights, default=0):
        heights.append(short)
    sizes = [fit(probe.width, probe.height, height) for height in heights]
    return tuple(
        Rung(codec, *size, preset.crf[codec], _most_kbps(codec, size, probe.frame_rate))
        for codec in preset.codecs
        for size in sizes
    )


def fit(width: int, height: int, max_short_side: int) -> tuple[int, int]:
    """Scale a display size down until its short side fits; both sides even, at least 2 px.

    H.264 in 4:2:0 halves the colour planes, so that odd sizes do not exist.
    """
    scale = min(1.0, max_short_side / min(width, height))
    return _even(width * scale), _even(height * scale)


def _even(side: float) -> int:
    return max(2, int(side + 1e-6) // 2 * 2)


def _most_kbps(codec: str, size: tuple[int, int], frame_rate: float | None) -> int:
    """Interpolate the limit of a height; twice the frames a second need half as much again."""
    short = min(size)
    known = sorted(MOST_KBPS)
    above = next((each for each in known if each >= short), known[-1])
    kbps = (
        MOST_KBPS[above]
        * math.pow(min(1.0, short / above), 1.5)
        * VIDEO_CODECS[codec].bitrate_share
    )
    return round(kbps * (1.5 if (frame_rate or 0) > 33 else 1))
