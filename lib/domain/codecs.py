"""The video codecs, one record each: what a preset, a plan and a packager have to know of it.

What encodes one is a function in `lib/video/encode/codecs.py`, what names its profile and level in
a playlist one in `lib/video/package/rfc6381.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VideoCodec:
    """One codec of a ladder: `name` as presets.toml has it.

    A name is stored in catalogs, and in keys: don't change one.
    """

    name: str

    sample_entry: bytes
    """Its name in an MP4 (https://mp4ra.org), which a playlist starts with."""

    bitrate_share: float
    """Part of H.264's bits that it needs for the same quality."""

    seconds_per_megapixel: float
    """Of an encode on one vCPU at the speed `veryfast`: see `lib/video/plan/cost.py`."""

    is_reordered: bool
    """Whether frames are stored in another order than they are shown."""


VIDEO_CODECS: Mapping[str, VideoCodec] = {
    each.name: each
    for each in (
        VideoCodec("h264", b"avc1", 1.0, 0.028, is_reordered=True),
        VideoCodec("hevc", b"hvc1", 0.65, 0.075, is_reordered=True),
        VideoCodec("av1", b"av01", 0.55, 0.045, is_reordered=False),
    )
}
"""By name, as presets.toml lists them."""
