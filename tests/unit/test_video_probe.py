import pytest

from lib.domain.errors import ErrorCode, PermanentError
from lib.domain.media import AudioProbe, SubtitleTrack, VideoProbe
from lib.video.probe.mediainfo_fields import TITLE_CHARACTERS
from lib.video.probe.mediainfo_tracks import MOST_TRACKS, make_probe


def described(container: str = "mov", **picture: object):
    video = {"track_type": "Video", "format": "AVC", "width": 100, "height": 50, **picture}
    return make_probe([{"track_type": "General"}, video], container)


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
        {"track_type": "Video", "format": "JPEG", "width": 500, "height": 500},
        {"track_type": "Audio", "format": "MPEG Audio", "channel_s": 2},
    ]
    assert type(make_probe(tracks, container)) is AudioProbe
    assert type(make_probe(tracks, "mov")) is VideoProbe


@pytest.mark.parametrize("missing", ["width", "height", "format"])
def test_a_picture_without_a_size_or_a_format_is_none(missing):
    with pytest.raises(PermanentError, match="neither"):
        described("mov", **{missing: None})


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
    assert make_probe(tracks, "mov").captured_at == moment


def found_in(*tracks: dict[str, object], container: str = "mov"):
    return make_probe([{"track_type": "General"}, *tracks], container)


def sound(**fields: object):
    return {"track_type": "Audio", "format": "AAC", **fields}


def text(**fields: object):
    return {"track_type": "Text", "format": "UTF-8", **fields}


PICTURE = {"track_type": "Video", "format": "AVC", "width": 100, "height": 50, "track_id": 256}


@pytest.mark.parametrize(
    ("degrees", "turn"),
    [("90.4", 90), ("359.999", 0), ("-90", 270), ("450", 90), ("45", 0), ("nan", 0), ("inf", 0)],
)
def test_a_turn_is_one_of_the_four_that_keep_the_frame_upright(degrees, turn):
    found = described(rotation=degrees)
    assert found.rotation == turn
    assert (found.width, found.height) == ((50, 100) if turn % 180 else (100, 50))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"frame_rate": "inf"}, {"frame_rate": None}),
        ({"frame_rate": "-25"}, {"frame_rate": None}),
        ({"frame_rate": "0.000"}, {"frame_rate": None}),
        ({"frame_rate": "29.970 / 30.000"}, {"frame_rate": 29.97}),
        ({"frame_count": "-3"}, {"frames": None}),
        ({"frame_count": "nan"}, {"frames": None}),
        ({"pixel_aspect_ratio": "1e9"}, {"pixel_aspect": 1.0, "width": 100}),
        ({"pixel_aspect_ratio": "0"}, {"pixel_aspect": 1.0, "width": 100}),
        ({"pixel_aspect_ratio": "-2"}, {"pixel_aspect": 1.0, "width": 100}),
        ({"bit_depth": "10 / 8"}, {"bit_depth": 10}),
        ({"scan_type": "Progressive"}, {"interlaced": False}),
        ({"scan_type": "Interlaced"}, {"interlaced": True}),
        ({"scan_type": "MBAFF", "scan_type__store_method": "X"}, {"interlaced": True}),
        ({}, {"interlaced": None, "bit_depth": None, "transfer": None}),
        ({"transfer_characteristics": "PQ"}, {"transfer": "pq"}),
        ({"transfer_characteristics": "HLG / BT.709"}, {"transfer": "hlg"}),
        ({"transfer_characteristics": "BT.709"}, {"transfer": None}),
        ({"duration": "-1000"}, {"duration_ms": None}),
        ({"duration": "1000.7"}, {"duration_ms": 1001}),
        ({"delay": "5000", "duration": 1000}, {"duration_ms": 1000}),
        ({"format": "A\x1b[31mVC\u202e"}, {"video_codec": "a [31mvc"}),
    ],
)
def test_what_makes_no_sense_is_left_out(fields, expected):
    found = described(**fields)
    assert {name: getattr(found, name) for name in expected} == expected


def test_a_duration_is_from_the_first_start_to_the_last_end():
    early = sound(duration=1000, delay=1400)
    late = PICTURE | {"duration": 980, "delay": "1423.2"}
    assert found_in(early, late).duration_ms == 1003
    assert found_in(sound(duration=1500), PICTURE | {"duration": 1000}).duration_ms == 1500


def test_a_duration_of_the_container_counts_where_the_tracks_have_none():
    tracks = [{"track_type": "General", "duration": 7000}, PICTURE, sound(delay=0)]
    assert make_probe(tracks, "mov").duration_ms == 7000


@pytest.mark.parametrize(
    ("told", "language"),
    [
        ("en", "en"),
        ("PT-br", "pt-br"),
        ("zh-Hant-TW", "zh-Hant-TW"),
        ("de / German", "de"),
        ("haw", "haw"),
        ("und", None),
        ("mis", None),
        ("English", None),
        ("e", None),
        ("en\n#EXT", None),
        ('en"', None),
        (None, None),
    ],
)
def test_a_language_is_a_tag_or_nothing(told, language):
    found = found_in(PICTURE, sound(language=told), text(language=told))
    assert found.audio_tracks[0].language == found.subtitles[0].language == language


def test_a_title_is_one_short_line():
    titles = ["Director's\ncut \x00\x1b[1m\u202e", "x" * 500, " \t ", None, 7]
    found = found_in(*(sound(title=each) for each in titles))
    shown = [each.title for each in found.audio_tracks]
    assert shown == ["Director's cut [1m", "x" * TITLE_CHARACTERS, None, None, "7"]


@pytest.mark.parametrize(
    ("codec", "is_text"),
    [
        *((each, True) for each in ("UTF-8", "SubRip", "ASS", "SSA", "Timed Text", "WebVTT")),
        ("D_WEBVTT/SUBTITLES", True),
        *((each, False) for each in ("PGS", "VobSub", "DVB Subtitle", "Teletext", "EIA-608", None)),
    ],
)
def test_a_subtitle_that_is_a_picture_is_no_text(codec, is_text):
    (found,) = found_in(PICTURE, text(format=codec, forced="Yes", default="No")).subtitles
    assert found == SubtitleTrack(codec and codec.lower(), is_text, forced=True)


def test_tracks_are_in_the_order_of_the_streams():
    found = found_in(
        PICTURE,
        sound(language="fr", streamorder="0-10"),
        sound(language="en", streamorder="0-2"),
        text(language="sv", streamorder=4),
        text(language="fi", streamorder=3),
    )
    assert [each.language for each in found.audio_tracks] == ["en", "fr"]
    assert [each.language for each in found.subtitles] == ["fi", "sv"]
    assert found.audio_codec == "aac"


def test_captions_in_the_frames_are_no_stream_and_a_track_of_them_is_one():
    hidden = [text(format="EIA-608", track_id=f"256-CC{n}") for n in (1, 3)]
    channels = [text(format="EIA-608", track_id=f"4-CC{n}", streamorder=1) for n in (1, 3)]
    last = text(track_id=5, streamorder=2)
    found = found_in(PICTURE, *hidden, *channels, last)
    assert [(each.codec, each.is_text) for each in found.subtitles] == [
        ("eia-608", False),
        ("utf-8", True),
    ]


def test_tracks_are_bounded_one_beyond_what_the_limits_allow():
    found = found_in(PICTURE, *[sound()] * 5000, *[text()] * 5000)
    assert len(found.audio_tracks) == len(found.subtitles) == MOST_TRACKS + 1


@pytest.mark.parametrize(("profile", "codec_id"), [("dvhe.05 / ", "hev1"), ("dvh1.05", "dvh1")])
def test_dolby_vision_5_is_refused_by_its_name(profile, codec_id):
    track = {
        "track_type": "Video",
        "format": "HEVC",
        "codec_id": codec_id,
        "width": 640,
        "height": 360,
        "hdr_format": "Dolby Vision",
        "hdr_format_profile": profile,
    }
    with pytest.raises(PermanentError, match="Dolby Vision profile 5") as caught:
        make_probe([track], "mov")
    assert caught.value.code is ErrorCode.UNSUPPORTED_MEDIA
    others = make_probe([track | {"hdr_format_profile": "dvhe.08", "codec_id": "hvc1"}], "mov")
    assert isinstance(others, VideoProbe)


@pytest.mark.parametrize(
    ("fields", "has_alpha"),
    [
        ({"format": "ProRes", "chroma_subsampling": "4:4:4"}, True),
        ({"format": "ProRes", "chroma_subsampling": "4:2:2"}, None),
        ({"format": "PNG", "color_space": "RGBA"}, True),
        ({"format": "RLE"}, True),
        ({"format": "FFV1", "color_space": "YUV"}, None),
    ],
)
def test_a_codec_that_may_be_transparent_is_known(fields, has_alpha):
    track = {"track_type": "Video", "width": 64, "height": 48, "color_range": "Full", **fields}
    probe = make_probe([track], "mov")
    assert isinstance(probe, VideoProbe)
    assert (probe.has_alpha, probe.color_range) == (has_alpha, "full")


def test_a_source_that_is_encrypted_as_a_whole_is_refused_as_such():
    tracks = [{"track_type": "General", "encryption": "http://licence"}, PICTURE, sound()]
    with pytest.raises(PermanentError, match="encrypted") as caught:
        make_probe(tracks, "asf")
    assert caught.value.code is ErrorCode.UNSUPPORTED_MEDIA


@pytest.mark.parametrize("lasts", [2**32 - 2, 2**32 - 1, 2**32 - 40, "4294967295.000"])
def test_a_duration_that_counts_back_from_the_end_of_32_bits_is_not_known(lasts):
    picture = PICTURE | {"duration": lasts, "frame_count": 107_374_182}
    assert found_in(picture, sound(duration=2000)).duration_ms == 2000
    tracks = [{"track_type": "General", "duration": lasts}, picture]
    found = make_probe(tracks, "flv")
    assert isinstance(found, VideoProbe)
    assert (found.duration_ms, found.frames) == (None, None)
