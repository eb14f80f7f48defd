"""Of several tracks the picture that a player shows is chosen, and the sounds that go with it."""

from __future__ import annotations

from typing import Any

import pytest

from lib.domain.errors import ErrorCode, PermanentError
from lib.domain.media import WarningCode
from lib.video.probe.choose_tracks import MOST_WARNINGS, Chosen, choose_tracks
from lib.video.probe.track_facts import TrackFacts


def picture(number: int, **fields: Any) -> dict[str, Any]:
    usual = {"format": "AVC", "width": 320, "height": 180, "duration": 4000, "frame_count": 100}
    return {"track_type": "Video", "track_id": number, **usual, **fields}


def sound(number: int, **fields: Any) -> dict[str, Any]:
    return {"track_type": "Audio", "track_id": number, "format": "AAC", **fields}


def choose(
    *tracks: dict[str, Any],
    container: str = "mov",
    facts: dict[int, TrackFacts] | None = None,
    passed_over: dict[str, str] | None = None,
) -> Chosen:
    pictures = [each for each in tracks if each["track_type"] == "Video"]
    sounds = [each for each in tracks if each["track_type"] == "Audio"]
    return choose_tracks(pictures, sounds, container, facts or {}, passed_over or {})


def shown(chosen: Chosen) -> int | None:
    return chosen.picture[1]["track_id"] if chosen.picture else None


COVER = {"format": "JPEG", "frame_count": 1, "duration": 40}
BETTER = [
    ({"width": 160, "height": 90}, {}, "large"),
    ({"duration": 1000, "frame_count": 25}, {}, "long"),
    ({"duration": 1900, "default": "Yes", "frame_count": 47}, {"default": "No"}, "far longer"),
    ({"default": "No"}, {"default": "Yes"}, "the default"),
    ({"default": "No"}, {}, "the default unless it says otherwise"),
    ({"default": "Yes", "width": 160}, {}, "large, if only another says that it is the default"),
    ({"default": "No", "width": 1920, "height": 1080}, {"default": "Yes"}, "default, if small"),
    ({"frame_count": 1, "duration": 4000}, {}, "of many frames"),
    (COVER | {"width": 3000, "height": 3000}, {}, "no cover"),
    (COVER | {"default": "Yes"}, {"default": "No"}, "no cover by default"),
    ({"format": "PNG", "frame_count": None, "duration": None}, {"duration": None}, "no still"),
    ({"format": "JPEG", "frame_count": "1"}, {"duration": 3000}, "no still as long"),
    ({"width": None}, {}, "with a size"),
    ({"format": None}, {}, "with a codec"),
    ({"encryption": "Encrypted"}, {}, "in clear"),
]


@pytest.mark.parametrize(("worse", "better", "why"), BETTER)
@pytest.mark.parametrize("container", ["mov", "matroska", "avi"])
@pytest.mark.parametrize("is_first", [False, True])
def test_the_picture_is_the_better_one(
    worse: dict[str, Any], better: dict[str, Any], why: str, container: str, is_first: bool
):
    both = [picture(1, **better), picture(2, **worse)]
    if not is_first:
        both = [picture(1, **worse), picture(2, **better)]
    chosen = choose(*both, sound(3), container=container)
    number = 1 if is_first else 2
    assert shown(chosen) == number, why
    assert chosen.picture
    expected = f"i:{number}" if container == "mov" else f"V:{number - 1}"
    assert chosen.picture[0] == expected


FACTS = [
    TrackFacts(is_enabled=False),
    TrackFacts(is_empty=True),
    TrackFacts(is_beside=True),
    TrackFacts(encryption="Common Encryption, cenc"),
]


@pytest.mark.parametrize("fact", FACTS)
@pytest.mark.parametrize("number", [1, 2])
def test_facts_of_the_container_decide(fact: TrackFacts, number: int):
    large = {"width": 1920, "height": 1080, "duration": 9000, "default": "Yes"}
    tracks = [picture(each, **(large if each == number else {})) for each in (1, 2)]
    assert shown(choose(*tracks, facts={number: fact})) == 3 - number


def test_a_disabled_picture_is_shown_where_there_is_no_other():
    assert shown(choose(picture(1), sound(2), facts={1: TrackFacts(is_enabled=False)})) == 1


def test_the_first_of_equals_is_shown():
    assert shown(choose(picture(4), picture(5), picture(6))) == 4


@pytest.mark.parametrize("codec", ["JPEG", "PNG", "BMP", "GIF"])
def test_one_picture_beside_sound_is_a_cover_and_one_frame_of_a_film_is_none(codec: str):
    assert shown(choose(picture(1, format=codec, frame_count=1), sound(2))) is None
    assert shown(choose(picture(1, format=codec, frame_count=1))) == 1
    assert shown(choose(picture(1, frame_count=1), sound(2))) == 1
    assert shown(choose(picture(1, format=codec, frame_count=50), sound(2))) == 1


def test_pictures_of_chapters_are_no_film_and_no_loss():
    chosen = choose(picture(1, format="JPEG"), sound(2), facts={1: TrackFacts(is_beside=True)})
    assert (chosen.picture, chosen.warnings) == (None, ())


@pytest.mark.parametrize(
    ("codec", "fact", "said"),
    [
        ("apac", TrackFacts(), "no decoder reads it"),
        ("AC-4", TrackFacts(), "no decoder reads it"),
        ("MPEG-H 3D Audio", TrackFacts(), "no decoder reads it"),
        ("AAC", TrackFacts(encryption="Apple FairPlay"), "encrypted (Apple FairPlay)"),
        ("AAC", TrackFacts(is_empty=True), "has no samples"),
    ],
)
@pytest.mark.parametrize("number", [2, 3])
def test_a_sound_that_cannot_be_heard_is_a_note(
    codec: str, fact: TrackFacts, said: str, number: int
):
    sounds = [sound(each, format=codec if each == number else "AAC") for each in (2, 3)]
    chosen = choose(picture(1), *sounds, facts={number: fact})
    assert [name for name, _ in chosen.sounds] == [f"i:{5 - number}"]
    (warning,) = chosen.warnings
    assert warning.code is WarningCode.TRACK_NOT_DECODED
    assert warning.message == f"sound track {number} ({codec}): {said}"


def test_a_picture_whose_only_sound_cannot_be_heard_is_shown_without():
    chosen = choose(picture(1), sound(2, format="apac"))
    assert (shown(chosen), chosen.sounds) == (1, ())
    assert [each.code for each in chosen.warnings] == [WarningCode.TRACK_NOT_DECODED]


@pytest.mark.parametrize(
    "fact", [TrackFacts(is_empty=True), TrackFacts(encryption="Common Encryption, cbcs")]
)
def test_sound_survives_a_picture_that_cannot_be_shown(fact: TrackFacts):
    chosen = choose(picture(1), sound(2), facts={1: fact})
    assert (shown(chosen), [name for name, _ in chosen.sounds]) == (None, ["i:2"])
    assert chosen.warnings[0].message.startswith("picture track 1 (AVC): ")


def test_what_was_tried_in_vain_is_no_choice():
    passed_over = {"i:2": "its frames can't be decoded"}
    chosen = choose(picture(1, width=96, height=54), picture(2), sound(3), passed_over=passed_over)
    assert shown(chosen) == 1
    assert chosen.warnings[0].message == "picture track 2 (AVC): its frames can't be decoded"
    alone = choose(picture(1), sound(3), passed_over={"i:1": "no"})
    assert (alone.picture, [name for name, _ in alone.sounds]) == (None, ["i:3"])
    with pytest.raises(PermanentError):
        choose(picture(1), passed_over={"i:1": "no"})


def test_a_disabled_sound_is_another_language_and_heard():
    chosen = choose(picture(1), sound(2), sound(3), facts={3: TrackFacts(is_enabled=False)})
    assert [name for name, _ in chosen.sounds] == ["i:2", "i:3"]


@pytest.mark.parametrize("container", ["matroska", "avi", "flv", "ogg", "mpeg", "asf"])
def test_without_ids_tracks_are_counted_those_too_that_are_left_out(container: str):
    chosen = choose(
        picture(1, format="PNG", frame_count=1),
        picture(2),
        sound(3, format="apac"),
        sound(4),
        container=container,
    )
    assert chosen.picture
    assert chosen.picture[0] == "V:1"
    assert [name for name, _ in chosen.sounds] == ["a:1"]


def test_an_id_that_is_not_the_tracks_own_is_not_believed():
    chosen = choose(picture(1), sound(7), sound(7), sound("257-1"))  # type: ignore[arg-type]
    assert [name for name, _ in chosen.sounds] == ["a:0", "a:1", "a:2"]


def test_of_several_programs_the_sounds_of_the_picture_are_heard():
    chosen = choose(
        picture(256, menu_id=1, width=160, height=90),
        picture(258, menu_id=2),
        sound(257, menu_id=1),
        sound(259, menu_id=2),
        sound(260, menu_id="1 / 2"),
        sound(261),
        container="mpegts",
    )
    assert shown(chosen) == 258
    assert [name for name, _ in chosen.sounds] == ["i:259", "i:260", "i:261"]
    assert [each.code for each in chosen.warnings] == [WarningCode.IGNORED]


def test_of_several_programs_of_sound_the_first_is_heard():
    chosen = choose(sound(1, menu_id=5), sound(2, menu_id=6), container="mpegts")
    assert [name for name, _ in chosen.sounds] == ["i:1"]


@pytest.mark.parametrize(
    ("tracks", "facts", "code", "said"),
    [
        ([], {}, ErrorCode.CORRUPT_MEDIA, "neither"),
        ([picture(1, width=0)], {}, ErrorCode.CORRUPT_MEDIA, "neither"),
        (
            [picture(1), sound(2)],
            dict.fromkeys((1, 2), TrackFacts(encryption="Common Encryption, cenc")),
            ErrorCode.UNSUPPORTED_MEDIA,
            "encrypted (Common Encryption, cenc)",
        ),
        (
            [picture(1, width=None, encryption="Encrypted")],
            {},
            ErrorCode.UNSUPPORTED_MEDIA,
            "encrypted",
        ),
        ([sound(1, encryption="Encrypted")], {}, ErrorCode.UNSUPPORTED_MEDIA, "encrypted"),
        ([sound(1, format="apac")], {}, ErrorCode.UNSUPPORTED_MEDIA, "no decoder reads it"),
        (
            [picture(1), sound(2)],
            dict.fromkeys((1, 2), TrackFacts(is_empty=True)),
            ErrorCode.CORRUPT_MEDIA,
            "no samples",
        ),
    ],
)
def test_a_source_with_nothing_to_show_is_refused_with_the_reason(
    tracks: list[dict[str, Any]], facts: dict[int, TrackFacts], code: ErrorCode, said: str
):
    with pytest.raises(PermanentError) as caught:
        choose(*tracks, facts=facts)
    assert caught.value.code is code
    assert said in caught.value.message


def test_thousands_of_tracks_are_not_told_one_by_one():
    chosen = choose(picture(1), *(sound(number, format="apac") for number in range(2, 5000)))
    assert len(chosen.warnings) == MOST_WARNINGS
