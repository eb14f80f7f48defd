"""Decide how the numbers of a source's frames become colours. Pure.

A decoder knows what its codec fixes (JPEG and DV are BT.601, DNxHD says BT.709) and what its frames
or the container signal. Here is what is left: what holds where nobody says anything, and where the
container is right and the decoder is not. Names are ffmpeg's, of ITU-T H.273.
"""

from __future__ import annotations

from dataclasses import dataclass

from lib.domain.media import VideoProbe

HD_SIDE = 720
"""px of the short side from which a picture that nobody describes is BT.709; below it is BT.601.
Players guess in the same way."""

ALWAYS_BT601 = frozenset({"vp8", "theora"})
"""MediaInfo's names of codecs that are BT.601 in any size, unless the container says otherwise, and
whose decoders do not say so: VP8 by RFC 6386, section 9.2, Theora by its specification, section
4.3."""

BY_CONTAINER = frozenset({"vp8", "vp9", "av1"})
"""Codecs of which browsers believe the container before the stream. VP8 cannot say what it is; what
a browser records of a canvas is BT.709 in the full range, and its decoder says limited."""

FORGETFUL = frozenset({"avc", "hevc", "mpeg video", "prores", "vp9"})
"""Codecs whose decoders replace what they were told by "unspecified", where their frames say so.
They are never RGB then."""

MATRICES = {
    "bt.709": "bt709",
    "fcc 73.682": "fcc",
    "bt.470 system b/g": "bt470bg",
    "bt.601": "smpte170m",
    "smpte 240m": "smpte240m",
    "bt.2020 non-constant": "bt2020nc",
}
"""MediaInfo's names; RGB, which it calls identity, has none."""

RANGES = {"full": "pc", "limited": "tv"}


@dataclass(frozen=True, slots=True)
class Colors:
    """A matrix that holds where neither the frames nor the container name one, None where one does.

    `forced`: options of the filter `setparams`, for what is to hold whatever the frames say.
    """

    default_matrix: str | None
    forced: dict[str, str]


def read_colors(probe: VideoProbe) -> Colors:
    """Return what to tell ffmpeg of a source's colours."""
    codec = probe.video_codec or ""
    forced = {}
    if codec in BY_CONTAINER:
        known = {
            "colorspace": MATRICES.get(probe.color_space or ""),
            "range": RANGES.get(probe.color_range or ""),
        }
        forced = {name: value for name, value in known.items() if value}
    if probe.color_space:
        return Colors(None, forced)
    short = min(probe.width or 0, probe.height or 0)
    is_bt601 = codec in ALWAYS_BT601 or short < HD_SIDE
    usual = "smpte170m" if is_bt601 else "bt709"
    if codec in FORGETFUL:
        return Colors(None, {"colorspace": usual, **forced})
    return Colors(usual, forced)
