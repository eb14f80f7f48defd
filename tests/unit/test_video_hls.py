import re
from dataclasses import replace
from fractions import Fraction

import pytest

from lib.domain.media import SubtitleTrack
from lib.video.package.hls import master_playlist, media_playlist, subtitle_playlist, target_seconds
from lib.video.package.track import MOST_CHARACTERS, Segment, Track
from lib.video.plan.plan import PlannedSubtitle

FILM = Fraction(24_000, 1001)


def segments(*sized: tuple[int, int], start: int = 0) -> tuple[Segment, ...]:
    """Return segments of (duration in ticks, bytes), one after the other."""
    made = []
    for duration, size in sized:
        made.append(Segment(start, duration, size, 96))
        start += duration
    return tuple(made)


LOW = Track(
    "h264-240",
    "avc1.64000d",
    24_000,
    segments((96_096, 40_000), (96_096, 60_000), (12_012, 30_000)),
    width=426,
    height=240,
    frame_rate=Fraction(12),  # that of the mean, which is DASH's
    max_frame_rate=FILM,
)
HIGH = replace(
    LOW,
    name="h264-1080",
    codec="avc1.640028",
    segments=segments((96_096, 900_000), (96_096, 800_000), (12_012, 20_000)),
    width=1920,
    height=1080,
)
SOUND = Track(
    "audio-0",
    "mp4a.40.2",
    48_000,
    segments((191_488, 64_000), (192_512, 64_500), (24_000, 8000)),
    channels=2,
    sample_rate=48_000,
    language="en",
    default=True,
)
TEXT = PlannedSubtitle(0, SubtitleTrack(is_text=True, language="en", title="English"))

ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"\r\n]*"|[^",\s]+)(?:,|$)')


def attributes(line: str) -> dict[str, str]:
    """Parse an attribute list as RFC 8216 (section 4.2) spells it, to its last character."""
    text = line.partition(":")[2]
    found = list(ATTRIBUTE.finditer(text))
    assert "".join(each[0] for each in found) == text
    names = [each[1] for each in found]
    assert len(names) == len(set(names))
    return {each[1]: each[2].strip('"') for each in found}


def tagged(playlist: str, tag: str) -> list[dict[str, str]]:
    return [attributes(line) for line in playlist.splitlines() if line.startswith(f"#{tag}:")]


def test_a_rung_lists_its_segments():
    assert media_playlist(LOW, 4).splitlines() == [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        "#EXT-X-TARGETDURATION:4",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        '#EXT-X-MAP:URI="init.mp4"',
        "#EXTINF:4.004000,",
        "0.m4s",
        "#EXTINF:4.004000,",
        "96096.m4s",
        "#EXTINF:0.500500,",
        "192192.m4s",
        "#EXT-X-ENDLIST",
    ]


def test_hours_of_segments_do_not_drift():
    long = replace(SOUND, segments=segments(*[(192_512, 1)] * 2700))
    lengths = re.findall(r"#EXTINF:([\d.]+),", media_playlist(long, 4))
    total = sum(Fraction(each) for each in lengths)
    assert abs(total - Fraction(192_512 * 2700, 48_000)) < Fraction(1, 1_000_000)


@pytest.mark.parametrize(
    ("ticks", "seconds"), [(90_000, 1), (134_999, 1), (135_000, 2), (360_000, 4), (3000, 1)]
)
def test_no_segment_lasts_longer_than_the_target_when_rounded(ticks, seconds):
    assert (
        target_seconds([replace(LOW, timescale=90_000, segments=segments((ticks, 1)))]) == seconds
    )


def test_the_target_is_that_of_the_longest_segment_of_all():
    slow = replace(SOUND, segments=segments((240_000, 1)))
    assert (target_seconds([LOW, SOUND]), target_seconds([LOW, slow, HIGH])) == (4, 5)


def test_a_variant_needs_its_rung_and_the_largest_sound():
    louder = replace(SOUND, name="audio-1", default=False, segments=segments((192_000, 100_000)))
    playlist = master_playlist([LOW, HIGH], [SOUND, louder], [])
    high, low = tagged(playlist, "EXT-X-STREAM-INF")
    # The keyframe that is alone at the end lasts no time: it counts with the segment before it.
    peak = -(-90_000 * 8 * 24_000 // 108_108)
    assert int(low["BANDWIDTH"]) == peak + 200_000
    assert int(high["BANDWIDTH"]) == -(-900_000 * 8 * 24_000 // 96_096) + 200_000
    average = round(130_000 * 8 * 24_000 / 204_204)
    assert int(low["AVERAGE-BANDWIDTH"]) == average + 200_000


def test_a_variant_says_what_it_takes_to_play_it():
    playlist = master_playlist([LOW, HIGH], [SOUND], [TEXT])
    lines = playlist.splitlines()
    assert lines[:3] == ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"]
    high, _ = tagged(playlist, "EXT-X-STREAM-INF")
    assert high | {"BANDWIDTH": "", "AVERAGE-BANDWIDTH": ""} == {
        "BANDWIDTH": "",
        "AVERAGE-BANDWIDTH": "",
        "CODECS": "avc1.640028,mp4a.40.2",
        "RESOLUTION": "1920x1080",
        "FRAME-RATE": "23.976",
        "AUDIO": "sounds",
        "SUBTITLES": "subtitles",
        "CLOSED-CAPTIONS": "NONE",
        "SCORE": "2",
    }
    assert lines[-1] == "h264-240/playlist.m3u8"


def test_a_silent_film_has_no_sounds():
    playlist = master_playlist([LOW], [], [])
    (low,) = tagged(playlist, "EXT-X-STREAM-INF")
    assert low["CODECS"] == "avc1.64000d"
    assert not {"AUDIO", "SUBTITLES"} & set(low)
    assert "EXT-X-MEDIA:" not in playlist


def test_all_codecs_are_in_one_list():
    other = replace(LOW, name="av1-240", codec="av01.0.00M.08")
    playlist = master_playlist([LOW, other], [SOUND], [])
    assert [each["CODECS"] for each in tagged(playlist, "EXT-X-STREAM-INF")] == [
        "avc1.64000d,mp4a.40.2",
        "av01.0.00M.08,mp4a.40.2",
    ]


@pytest.mark.parametrize(
    ("heights", "expected"),
    [
        ([240], [240]),
        ([240, 360], [360, 240]),
        ([240, 360, 480], [360, 240, 480]),
        ([240, 360, 480, 720, 1080], [480, 240, 360, 720, 1080]),
    ],
)
def test_players_begin_with_the_middle_rung_of_the_first_codec(heights, expected):
    rungs = [
        replace(LOW, name=f"{codec}-{height}", codec=f"{codec}.1", width=height, height=height)
        for codec in ("avc1", "av01")
        for height in heights
    ]
    playlist = master_playlist(rungs, [SOUND], [])
    names = re.findall(r"^(\S+)/playlist.m3u8$", playlist, re.MULTILINE)
    others = [f"av01-{height}" for height in heights]
    assert names == [*(f"avc1-{height}" for height in expected), *others]
    scores = [int(each["SCORE"]) for each in tagged(playlist, "EXT-X-STREAM-INF")]
    assert sorted(scores) == list(range(1, len(rungs) + 1))
    by_name = dict(zip(names, scores, strict=True))
    assert max(by_name, key=by_name.__getitem__).endswith(f"-{heights[-1]}")


def test_captions_within_the_frames_are_declared():
    (first, *rest) = LOW.segments
    spoken = replace(LOW, segments=(replace(first, captions=("SERVICE1", "CC1")), *rest))
    playlist = master_playlist([spoken, HIGH], [SOUND], [])
    variants = tagged(playlist, "EXT-X-STREAM-INF")
    assert {each["CLOSED-CAPTIONS"] for each in variants} == {"captions"}
    captions = [
        each for each in tagged(playlist, "EXT-X-MEDIA") if each["TYPE"] == "CLOSED-CAPTIONS"
    ]
    assert [(each["INSTREAM-ID"], each["AUTOSELECT"]) for each in captions] == [
        ("CC1", "YES"),
        ("SERVICE1", "NO"),
    ]
    assert {each["GROUP-ID"] for each in captions} == {"captions"}
    assert not any("URI" in each for each in captions)


def test_each_language_is_a_choice_and_one_is_the_default():
    sounds = [
        replace(SOUND, name="audio-0", language="de", default=False),
        replace(SOUND, name="audio-1", language="en", title="Commentary", default=False),
        replace(SOUND, name="audio-2", language="en", default=True),
        replace(SOUND, name="audio-3", language=None, default=True),
    ]
    media = tagged(master_playlist([LOW], sounds, []), "EXT-X-MEDIA")
    assert [each["TYPE"] for each in media] == ["AUDIO"] * 4
    assert [each.get("LANGUAGE") for each in media] == ["de", "en", "en", None]
    assert [each["NAME"] for each in media] == ["de", "Commentary", "en", "Sound"]
    assert [each["DEFAULT"] for each in media] == ["NO", "NO", "YES", "NO"]
    assert [each["AUTOSELECT"] for each in media] == ["YES", "NO", "YES", "YES"]
    assert {each["CHANNELS"] for each in media} == {"2"}
    assert media[2]["URI"] == "audio-2/playlist.m3u8"


def test_the_first_sound_is_the_default_where_the_source_names_none():
    sounds = [replace(SOUND, default=False, name=name) for name in ("audio-0", "audio-1")]
    media = tagged(master_playlist([LOW], sounds, []), "EXT-X-MEDIA")
    assert [each["DEFAULT"] for each in media] == ["YES", "NO"]


def test_subtitles_wait_until_somebody_wants_them():
    forced = replace(TEXT, index=1, track=replace(TEXT.track, forced=True, default=True))
    media = tagged(master_playlist([LOW], [], [TEXT, forced]), "EXT-X-MEDIA")
    assert [each["DEFAULT"] for each in media] == ["NO", "NO"]
    assert [each["FORCED"] for each in media] == ["NO", "YES"]
    assert [each["NAME"] for each in media] == ["English", "English 2"]
    assert media[1]["URI"] == "subtitles-1/playlist.m3u8"


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ('5.1 "surround", loud', "5.1 'surround', loud"),
        ('x"\n#EXT-X-STREAM-INF:BANDWIDTH=1\nhttp://elsewhere/', None),
        ("a\r\nb\0c\u2028d\x85e", "a b c d e"),
        ("\u202egnp.exe", "gnp.exe"),
        ("\ud800 half a character", "half a character"),
        ("Ünïcödé 日本語", "Ünïcödé 日本語"),
        ("  ", "en"),
        ("long" * 1000, ("long" * 1000)[:MOST_CHARACTERS]),
    ],
)
def test_a_title_stays_a_title(title, name):
    playlist = master_playlist([LOW], [replace(SOUND, title=title)], [])
    (media,) = tagged(playlist, "EXT-X-MEDIA")
    if name:
        assert media["NAME"] == name
    assert len(playlist.splitlines()) == 6
    playlist.encode()


@pytest.mark.parametrize("language", ['e",URI="x', "en\n#EXT", "", "e", "english language", "日本"])
def test_what_is_no_language_is_not_named_one(language):
    (media,) = tagged(
        master_playlist([LOW], [replace(SOUND, language=language)], []), "EXT-X-MEDIA"
    )
    assert "LANGUAGE" not in media
    assert media["NAME"] == "Sound"


def test_subtitles_are_one_segment():
    assert subtitle_playlist(TEXT, 62.5).splitlines() == [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        "#EXT-X-TARGETDURATION:63",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        "#EXTINF:62.500000,",
        "../subtitles-0.vtt",
        "#EXT-X-ENDLIST",
    ]
