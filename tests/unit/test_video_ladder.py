from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.model import Probe, RenditionKind
from lib.presets import load
from lib.video import plan
from lib.video.ladder import fit

PRESET = load(Path(__file__).parents[2] / "presets.toml").named(None)
side = st.integers(1, 8192)


@given(side, side, st.integers(2, 4320))
def test_sizes_are_even_and_never_larger_than_the_source_or_the_preset(width, height, limit):
    fitted = fit(width, height, limit)
    assert all(each % 2 == 0 and each >= 2 for each in fitted)
    assert fitted[0] <= max(2, width)
    assert fitted[1] <= max(2, height)
    assert min(fitted) <= max(2, limit)


@given(st.integers(100, 8192), st.integers(100, 8192), st.integers(100, 4320))
def test_the_shape_is_kept_within_the_two_pixels_that_even_sizes_cost(width, height, limit):
    fitted = fit(width, height, limit)
    scale = min(1, limit / min(width, height))
    assert abs(fitted[0] - width * scale) <= 2
    assert abs(fitted[1] - height * scale) <= 2


@pytest.mark.parametrize(
    ("width", "height", "fitted"),
    [
        (1920, 1080, (1280, 720)),
        (1080, 1920, (720, 1280)),
        (1280, 720, (1280, 720)),
        (641, 361, (640, 360)),
        (1, 1, (2, 2)),
    ],
)
def test_the_short_side_decides(width, height, fitted):
    assert fit(width, height, 720) == fitted


def test_a_video_gets_an_mp4_named_by_its_height_and_a_poster_of_the_same_size():
    video, poster = plan(Probe(width=1080, height=1920), PRESET)
    assert (video.name, video.kind, video.mime) == ("720p.mp4", RenditionKind.VIDEO, "video/mp4")
    assert (poster.name, poster.kind) == ("poster.jpg", RenditionKind.POSTER)
    assert (video.width, video.height) == (poster.width, poster.height) == (720, 1280)


def test_sound_alone_gets_one_audio_file():
    (sound,) = plan(Probe(audio_codec="aac"), PRESET)
    assert (sound.name, sound.kind, sound.mime) == ("audio.m4a", RenditionKind.AUDIO, "audio/mp4")
    assert sound.width is None
