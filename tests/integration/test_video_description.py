"""Real files, as MediaInfo and the boxes describe them."""

import io
from pathlib import Path

import pytest

from lib.domain.errors import ErrorCode, PermanentError, TransientError
from lib.domain.media import AudioTrack, VideoProbe
from lib.video.probe.mediainfo import read_probe
from lib.video.probe.range_reader import RangeReader
from tests.support.boxes import box, read_boxes

MEDIA = Path(__file__).parents[1] / "media"


def probe(name: str, container: str = "mov"):
    with (MEDIA / name).open("rb") as file:
        return read_probe(file, container)


def test_a_film_with_surround_sound():
    found = probe("bunny-720p-5.1.mp4")
    assert (found.width, found.height, found.duration_ms) == (1280, 720, 3008)
    assert (found.format, found.video_codec, found.audio_codec) == ("mpeg-4", "avc", "aac")
    assert (found.frame_rate, found.frames) == (25.0, 75)
    assert (found.rotation, found.pixel_aspect) == (0, 1.0)
    assert (found.audio_channels, found.sample_rate) == (6, 48000)
    assert (found.interlaced, found.bit_depth, found.transfer) == (False, 8, None)
    assert found.audio_tracks == (AudioTrack("aac", 6, 48000, default=True, stream="i:2"),)
    assert found.subtitles == ()


def test_a_phone_clip_is_described_as_it_is_shown():
    found = probe("phone clip.mov")
    assert (found.width, found.height, found.rotation) == (360, 640, 90)
    assert (found.video_codec, found.audio_codec) == ("hevc", None)
    assert found.captured_at == "2026-05-17T16:20:30+00:00"


def test_a_cover_is_not_a_video():
    found = probe("voice.m4a")
    assert (isinstance(found, VideoProbe), found.audio_codec) == (False, "aac")
    assert (found.duration_ms, found.audio_channels) == (4000, 2)


def test_pixels_that_are_not_square():
    found = probe("anamorphic.webm", "matroska")
    assert (found.width, found.height, found.format) == (320, 180, "webm")
    assert found.pixel_aspect == pytest.approx(4 / 3, abs=0.001)


def test_an_index_at_the_end_is_sought_not_read_up_to():
    film = (MEDIA / "bunny-720p-5.1.mp4").read_bytes()
    assert [kind for kind, _ in read_boxes(film)][-1] == b"moov"
    ftyp, *_, moov = [box(kind, content) for kind, content in read_boxes(film)]
    filler = box(b"free", bytes(50_000_000))
    large = ftyp + filler + moov
    fetched: list[int] = []

    def read(start: int, length: int) -> bytes:
        fetched.append(length)
        return large[start : start + length]

    found = read_probe(RangeReader(read, len(large)), "mov")
    assert isinstance(found, VideoProbe)
    assert found.width == 1280
    assert sum(fetched) < 2_000_000


@pytest.mark.parametrize("content", [b"", b"#EXTM3U\nhttp://x/y.ts\n", bytes(100_000)])
def test_what_cannot_be_read_is_corrupt(content):
    with pytest.raises(PermanentError) as caught:
        read_probe(io.BytesIO(content), "mov")
    assert caught.value.code is ErrorCode.CORRUPT_MEDIA


def test_errors_of_the_storage_pass_through():
    def read(start: int, length: int) -> bytes:
        raise TransientError(ErrorCode.THROTTLED, "slow down")

    with pytest.raises(TransientError, match="slow down"):
        read_probe(RangeReader(read, 1000), "mov")
