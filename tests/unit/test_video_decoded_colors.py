"""What ffmpeg is told of a source's colours: codec × what is signalled × size."""

from __future__ import annotations

import pytest

from lib.domain.media import VideoProbe
from lib.video.encode.colors import Colors, read_colors


def told(codec: str, side: int, matrix: str | None = None, levels: str | None = None) -> Colors:
    return read_colors(
        VideoProbe(
            width=side * 2,
            height=side,
            video_codec=codec,
            color_space=matrix,
            color_range=levels,
        )
    )


@pytest.mark.parametrize(
    ("codec", "side", "matrix"),
    [
        ("vp8", 1080, "smpte170m"),
        ("theora", 720, "smpte170m"),
        ("cineform", 720, "bt709"),
        ("cineform", 719, "smpte170m"),
        ("jpeg", 1080, "bt709"),  # which its decoder replaces
    ],
)
def test_where_nobody_says_anything_the_codec_or_the_size_does(codec, side, matrix):
    assert told(codec, side) == Colors(matrix, {})


@pytest.mark.parametrize("codec", ["avc", "hevc", "mpeg video", "prores", "vp9"])
def test_decoders_that_forget_what_they_were_told_are_overruled(codec):
    assert told(codec, 1080) == Colors(None, {"colorspace": "bt709"})
    assert told(codec, 480) == Colors(None, {"colorspace": "smpte170m"})


@pytest.mark.parametrize("codec", ["vp8", "vp9", "av1"])
def test_of_the_codecs_of_the_web_the_container_is_right(codec):
    assert told(codec, 180, "bt.709", "full") == Colors(
        None, {"colorspace": "bt709", "range": "pc"}
    )
    assert told(codec, 180, "identity", "full") == Colors(None, {"range": "pc"})


def test_elsewhere_frames_are_believed():
    assert told("avc", 180, "bt.709", "full") == Colors(None, {})


def test_levels_that_are_told_without_a_matrix_hold():
    assert told("vp8", 180, None, "full") == Colors("smpte170m", {"range": "pc"})
