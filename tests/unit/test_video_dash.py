from dataclasses import replace
from fractions import Fraction
from xml.etree import ElementTree as ET

import pytest

from lib.domain.media import SubtitleTrack
from lib.video.package.dash import mpd, timeline
from lib.video.package.track import Segment, Track
from lib.video.plan.plan import PlannedSubtitle

NAMESPACE = "{urn:mpeg:dash:schema:mpd:2011}"


def segments(*durations: int, start: int = 0) -> tuple[Segment, ...]:
    made = []
    for duration in durations:
        made.append(Segment(start, duration, 50_000, 96))
        start += duration
    return tuple(made)


LOW = Track(
    "h264-240",
    "avc1.64000d",
    24_000,
    segments(96_096, 96_096, 96_096, 12_012),
    width=426,
    height=240,
    frame_rate=Fraction(24_000, 1001),
)
HIGH = replace(LOW, name="h264-1080", codec="avc1.640028", width=1920, height=1080)
SOUND = Track(
    "audio-0",
    "mp4a.40.2",
    48_000,
    segments(191_488, 192_512, 192_512, 24_100),
    channels=2,
    sample_rate=48_000,
    language="en",
    default=True,
)
TEXT = PlannedSubtitle(0, SubtitleTrack(is_text=True, language="de", title="Deutsch"))


def parse(rungs: list[Track], sounds: list[Track], texts: list[PlannedSubtitle]) -> ET.Element:
    return ET.fromstring(mpd(rungs, sounds, texts))


def sets(root: ET.Element, kind: str) -> list[ET.Element]:
    found = root.findall(f"{NAMESPACE}Period/{NAMESPACE}AdaptationSet")
    return [each for each in found if each.get("contentType") == kind]


def representations(within: ET.Element) -> list[ET.Element]:
    return within.findall(f"{NAMESPACE}Representation")


def listed(within: ET.Element) -> list[int]:
    """Return the start of each segment as a player counts them, and the end of the last."""
    starts = [0]
    for each in within.iter(f"{NAMESPACE}S"):
        starts[-1] = int(each.get("t", starts[-1]))
        for _ in range(int(each.get("r", 0)) + 1):
            starts.append(starts[-1] + int(each.attrib["d"]))
    return starts


def test_the_manifest_says_what_it_is():
    root = parse([LOW, HIGH], [SOUND], [TEXT])
    assert root.tag == f"{NAMESPACE}MPD"
    assert root.attrib == {
        "profiles": "urn:mpeg:dash:profile:isoff-live:2011",
        "type": "static",
        "mediaPresentationDuration": "PT12.513S",
        "minBufferTime": "PT4.011S",
    }
    (period,) = root
    assert period.attrib == {"id": "0", "start": "PT0S"}


def test_rungs_of_one_codec_are_switched_at_any_segment():
    other = replace(LOW, name="av1-240", codec="av01.0.00M.08")
    pictures = sets(parse([LOW, HIGH, other], [], []), "video")
    names = [[each.get("id") for each in representations(within)] for within in pictures]
    assert names == [["h264-240", "h264-1080"], ["av1-240"]]
    assert {each.get("segmentAlignment") for each in pictures} == {"true"}
    assert {each.get("bitstreamSwitching") for each in pictures} == {None}


def test_rungs_whose_segments_differ_are_not_switched():
    shifted = replace(HIGH, segments=segments(96_096, 96_096, 108_108))
    assert len(sets(parse([LOW, shifted], [], []), "video")) == 2


def test_a_rung_says_what_it_takes_to_play_it():
    (within,) = sets(parse([LOW, HIGH], [], []), "video")
    assert (within.get("mimeType"), within.get("startWithSAP")) == ("video/mp4", "1")
    _, high = representations(within)
    assert high.attrib == {
        "id": "h264-1080",
        "codecs": "avc1.640028",
        "bandwidth": str(HIGH.bandwidth),
        "width": "1920",
        "height": "1080",
        "sar": "1:1",
        "frameRate": "24000/1001",
    }


def test_players_find_every_segment():
    root = parse([LOW], [SOUND], [])
    for track, kind in ((LOW, "video"), (SOUND, "audio")):
        (within,) = sets(root, kind)
        template = within.find(f"{NAMESPACE}SegmentTemplate")
        assert template is not None
        assert template.attrib == {
            "timescale": str(track.timescale),
            "initialization": "$RepresentationID$/init.mp4",
            "media": "$RepresentationID$/$Time$.m4s",
        }
        *starts, end = listed(within)
        assert [f"{each}.m4s" for each in starts] == [each.name for each in track.segments]
        assert end == sum(each.duration for each in track.segments)


def test_segments_as_long_as_each_other_are_one_entry():
    assert timeline(LOW) == [(0, 96_096, 2), (288_288, 12_012, 0)]
    assert timeline(SOUND) == [(0, 191_488, 0), (191_488, 192_512, 1), (576_512, 24_100, 0)]


def test_each_sound_is_a_choice():
    other = replace(SOUND, name="audio-1", language="fr", title="VF", default=False)
    first, second = sets(parse([LOW], [other, SOUND], []), "audio")
    assert [each.get("lang") for each in (first, second)] == ["fr", "en"]
    roles = [each[1].get("value") for each in (first, second)]
    assert roles == ["alternate", "main"]
    assert first.findtext(f"{NAMESPACE}Label") == "VF"
    (representation,) = representations(first)
    assert representation.get("audioSamplingRate") == "48000"
    assert [each.get("value") for each in representation] == ["2"]


def test_a_text_is_one_file():
    forced = replace(TEXT, index=1, track=replace(TEXT.track, forced=True))
    first, second = sets(parse([LOW], [], [TEXT, forced]), "text")
    assert (first.get("mimeType"), first.get("lang")) == ("text/vtt", "de")
    assert [each[1].get("value") for each in (first, second)] == ["subtitle", "forced-subtitle"]
    assert first.findtext(f".//{NAMESPACE}BaseURL") == "subtitles-0.vtt"


def test_elements_come_in_the_schema_s_order():
    (within,) = sets(parse([LOW], [SOUND], []), "audio")
    order = [each.tag.removeprefix(NAMESPACE) for each in within]
    assert order == ["Label", "Role", "SegmentTemplate", "Representation"]


@pytest.mark.parametrize(
    "title", ['"><Period/>', "Tom & Jerry", "]]>", "<!--", "a\0b\x0bc\ufffe", "\ud800", "&#0;"]
)
def test_a_title_stays_a_title(title):
    root = parse([LOW], [replace(SOUND, title=title, language='en" x="1')], [])
    (within,) = sets(root, "audio")
    assert within.get("lang") is None
    assert within.findtext(f"{NAMESPACE}Label")
    assert [each.tag for each in root] == [f"{NAMESPACE}Period"]


def test_captions_within_the_frames_are_declared():
    (first, *rest) = LOW.segments
    captions = ("CC1", "CC3", "SERVICE1")
    spoken = replace(LOW, segments=(replace(first, captions=captions), *rest))
    root = ET.fromstring(mpd([spoken, HIGH], [SOUND], []))
    added = root.find(f"{NAMESPACE}Period/{NAMESPACE}AdaptationSet")
    assert added is not None
    told = {
        each.get("schemeIdUri"): each.get("value")
        for each in added.iter(f"{NAMESPACE}Accessibility")
    }
    assert told == {
        "urn:scte:dash:cc:cea-608:2015": "CC1=und;CC3=und",
        "urn:scte:dash:cc:cea-708:2015": "1=lang:und",
    }
    assert added[0].tag == f"{NAMESPACE}Accessibility"  # in the schema's order
    assert "Accessibility" not in mpd([LOW, HIGH], [SOUND], [])
