import io
from pathlib import Path

import pytest

from lib.errors import ErrorCode, PermanentError, TransientError
from lib.video import RangeReader, read_probe
from lib.video.probe import describe
from tests.boxes import box, read_boxes

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


def test_a_phone_clip_is_described_as_it_is_shown():
    found = probe("phone clip.mov")
    assert (found.width, found.height, found.rotation) == (360, 640, 90)
    assert (found.video_codec, found.audio_codec) == ("hevc", None)
    assert found.captured_at == "2026-05-17T16:20:30+00:00"


def test_a_cover_is_not_a_video():
    found = probe("voice.m4a")
    assert (found.width, found.video_codec, found.audio_codec) == (None, None, "aac")
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


def described(container: str = "mov", **picture: object):
    video = {"track_type": "Video", "width": 100, "height": 50, **picture}
    return describe([{"track_type": "General"}, video], container)


@pytest.mark.parametrize(
    ("rotation", "aspect", "shown"),
    [
        ("0.000", "1.000", (100, 50)),
        ("90.000", "1.000", (50, 100)),
        ("180.000", "1.000", (100, 50)),
        ("270.000", "1.000", (50, 100)),
        ("90.000", "2.000", (50, 200)),
        ("0.000", "0.500", (50, 50)),
    ],
)
def test_pixels_are_stretched_then_turned(rotation, aspect, shown):
    found = described(rotation=rotation, pixel_aspect_ratio=aspect)
    assert (found.width, found.height) == shown


@pytest.mark.parametrize("container", ["mp3", "flac", "wav", "aac", "aiff"])
def test_containers_of_sound_hold_no_video(container):
    tracks: list[dict[str, object]] = [
        {"track_type": "General"},
        {"track_type": "Video", "width": 500, "height": 500},
        {"track_type": "Audio", "format": "MPEG Audio", "channel_s": 2},
    ]
    assert describe(tracks, container).width is None
    assert describe(tracks, "mov").width == 500


def test_a_picture_without_a_size_is_none():
    with pytest.raises(PermanentError, match="neither"):
        described(width=None)


@pytest.mark.parametrize(
    ("fields", "moment"),
    [
        ({"encoded_date": "2026-05-17 16:20:30 UTC"}, "2026-05-17T16:20:30+00:00"),
        ({"encoded_date": "UTC 2026-05-17 16:20:30"}, "2026-05-17T16:20:30+00:00"),
        (
            {
                "recorded_date": "2026-05-17T18:20:30+0200",
                "encoded_date": "2026-05-17 16:20:31 UTC",
            },
            "2026-05-17T18:20:30+02:00",
        ),
        ({"recorded_date": "2026-05-17 18:20:30"}, "2026-05-17T18:20:30"),
        ({"recorded_date": "2003"}, None),
        ({"encoded_date": "1904-01-01 00:00:00 UTC"}, None),
        ({"encoded_date": "1970-01-01 00:00:00 UTC"}, None),
        ({"encoded_date": "<script>"}, None),
        ({}, None),
    ],
)
def test_the_moment_of_capture(fields, moment):
    tracks = [{"track_type": "General", **fields}, {"track_type": "Audio"}]
    assert describe(tracks, "mov").captured_at == moment
