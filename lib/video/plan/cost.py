"""Estimate what an encode costs before it is started. Pure.

Everything grows with the pixels that pass: those of the source are decoded and scaled, those of
each rung encoded. The constants are CPU seconds of one vCPU (x86-64, 2.5 GHz, two vCPUs a core)
for a megapixel of a film with grain; drawings and still scenes cost about half.
"""

from __future__ import annotations

from lib.domain.codecs import VIDEO_CODECS
from lib.domain.media import AudioProbe, VideoProbe
from lib.video.plan.plan import Plan

DECODE = {
    "avc": 0.011,
    "hevc": 0.014,
    "av1": 0.016,
    "vp9": 0.012,
    "prores": 0.016,
    "jpeg 2000": 0.2,
}
DECODE_OTHER = 0.012
"""MediaInfo's name of the source's codec → s/MP, scaling down to the highest rung included."""
DEEP = 1.4
"""How much longer frames of more than 8 bits take: each pixel has twice the bytes."""

SPEED = {
    "ultrafast": 0.4,
    "superfast": 0.7,
    "veryfast": 1.0,
    "faster": 1.5,
    "fast": 2.0,
    "medium": 2.3,
    "slow": 4.0,
    "slower": 8.0,
    "veryslow": 14.0,
    "placebo": 40.0,
}
"""How much longer an encode takes than at `veryfast`."""

TONE_MAP = 0.05
"""s/MP of the highest rung of an HDR source."""
DEINTERLACE = 0.008
"""s/MP of an interlaced source."""

AUDIO = 0.015
"""s for a second of one audio track; normalising reads it twice, with four samples for one."""
NORMALISE = 0.045
START = 0.3
"""s: processes and files."""

COST_RATE = 30.0
"""Frames a second that a source costs which does not say how many it has."""


def estimate(probe: AudioProbe, plan: Plan, speed: str = "veryfast") -> float:
    """Return the CPU seconds of one vCPU that all of `plan` takes at an x264 preset's speed."""
    seconds = (probe.duration_ms or 0) / 1000
    audio = sum(AUDIO + (NORMALISE if each.normalised else 0) for each in plan.audio)
    video = 0.0
    if plan.rungs and isinstance(probe, VideoProbe):
        video = _video(probe, plan, seconds, speed)
    return START + seconds * audio + video


def count_segments(probe: AudioProbe, plan: Plan, segment_seconds: float) -> float:
    """Return how many segments all tracks of `plan` will have, about."""
    segments = (probe.duration_ms or 0) / 1000 / segment_seconds
    return segments * (len(plan.rungs) + len(plan.audio))


def _video(probe: VideoProbe, plan: Plan, seconds: float, speed: str) -> float:
    rate = probe.frame_rate or COST_RATE
    frames = probe.frames or seconds * rate
    kept = frames * min(1.0, plan.frame_rate / rate) if plan.frame_rate else frames
    kept += plan.hold_s[1] - plan.hold_s[0] if plan.hold_s else 0.0
    sizes = {each.name: each.width * each.height / 1e6 for each in plan.rungs}
    decode = DECODE.get(probe.video_codec or "", DECODE_OTHER)
    decode *= DEEP if (probe.bit_depth or 8) > 8 else 1
    decode += DEINTERLACE if probe.interlaced else 0
    encode = SPEED[speed] * sum(
        VIDEO_CODECS[each.codec].seconds_per_megapixel * sizes[each.name] for each in plan.rungs
    )
    encode += TONE_MAP * max(sizes.values()) if probe.transfer else 0
    source = (probe.width or 0) * (probe.height or 0) / 1e6
    return frames * source * decode + kept * encode
