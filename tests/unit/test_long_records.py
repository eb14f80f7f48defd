"""What the steps of an execution tell each other: executions run while a release is deployed."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from fractions import Fraction
from typing import Any

import pytest

from lib.application.long_video.plan import Planned
from lib.application.long_video.work_format import (
    Part,
    PartIndex,
    WorkPlan,
    deserialize_index,
    deserialize_plan,
    part_from_values,
    part_to_values,
    serialize_index,
    serialize_plan,
)
from lib.domain.errors import ErrorCode, Failure, TransientError
from lib.domain.media import AudioTrack, SubtitleTrack, VideoProbe
from lib.presets import PACKAGED, load
from lib.video.encode.encoded import Damage, Encoded
from lib.video.package.track import Segment, Track
from lib.video.plan.plan import plan_video
from lib.video.plan.ranges import Span

RECIPE = "0123456789ab"
PARTS = (Part("range-0000", 0.0, 4.0), Part("range-0001", 4.0), Part("sound"))
PLAN = WorkPlan(
    "mov",
    VideoProbe(
        width=1920,
        frame_rate=30.0,
        audio_tracks=(AudioTrack("aac", 6, 48000, "de", "Ton", default=True),),
        subtitles=(SubtitleTrack("tx3g", True, "fr", "Sous-titres", default=True, forced=True),),
        captured_at="Ende Jänner",
    ),
    "default",
    RECIPE,
    PARTS,
    ("h264-96", "h264-240"),
)
PLAN_TEXT = (
    '{"container":"mov","joined":false,"jumps":false,"parts":[{"end_s":4.0,"name":"range-0000","start_s":0.0},'
    '{"end_s":null,"name":"range-0001","start_s":4.0},'
    '{"end_s":null,"name":"sound","start_s":null}],"preset":"default",'
    '"probe":{"altitude_m":null,"audio_channels":null,"audio_codec":null,'
    '"audio_tracks":[{"channels":6,"codec":"aac","default":true,"language":"de",'
    '"sample_rate":48000,"stream":null,"title":"Ton"}],"bit_depth":null,"camera":null,'
    '"captured_at":"Ende Jänner","color_range":null,"color_space":null,"complete":null,'
    '"copyright":null,"duration_ms":null,'
    '"exposure_s":null,"f_number":null,"focal_length_mm":null,"format":null,'
    '"frame_rate":30.0,"frames":null,"has_alpha":null,"hdr":null,"height":null,"interlaced":null,'
    '"iso":null,"latitude":null,"lens":null,"longitude":null,"loops":null,'
    '"mirrored":null,"orientation":null,"phash":null,"picture_ms":null,"pixel_aspect":null,'
    '"rotation":null,'
    '"sample_rate":null,"sha256":null,"subtitles":[{"codec":"tx3g","default":true,'
    '"forced":true,"is_text":true,"language":"fr","title":"Sous-titres"}],'
    '"transfer":null,"video_codec":null,"video_stream":null,"warnings":[],"width":1920},"recipe":"0123456789ab",'
    '"rungs":["h264-96","h264-240"],"start":0}'
)
PICTURE = Track(
    "h264-96",
    "avc1.64000a",
    12288,
    (Segment(0, 49152, 1234, 48, fastest=(49152, 48)), Segment(49152, 4096, 99, 4)),
    128,
    96,
)
SOUND = Track(
    "audio-0",
    "mp4a.40.2",
    48000,
    (Segment(0, 96000, 777, 94),),
    channels=2,
    sample_rate=48000,
    language="de",
    title="Ton",
    default=True,
)
INDEX = PartIndex(
    (PICTURE, SOUND),
    {"h264-96": "aa", "audio-0": "bb"},
    Encoded(
        {"text-0": Failure(ErrorCode.ENCODE_FAILED, "zu groß")}, Damage(3, 4, shown=1, sound=2)
    ),
    1234,
)
INDEX_TEXT = (
    '{"cpu_ms":1234,"damage":{"at_most":4,"picture":3,"shown":1,"sound":2,"unread":0},"inits":{"audio-0":"bb","h264-96":"aa"},'
    '"left_out":{"text-0":{"code":"ENCODE_FAILED","message":"zu groß","permanent":true}},'
    '"tracks":[{"channels":null,"codec":"avc1.64000a","default":false,"frame_rate":null,'
    '"height":96,"language":null,"max_frame_rate":null,"name":"h264-96","sample_rate":null,'
    '"segments":[{"captions":[],"duration":49152,"fastest":[49152,48],"frames":48,"size":1234,"start":0},'
    '{"captions":[],"duration":4096,"fastest":[0,0],"frames":4,"size":99,"start":49152}],"timescale":12288,'
    '"title":null,"width":128},{"channels":2,"codec":"mp4a.40.2","default":true,'
    '"frame_rate":null,"height":null,"language":"de","max_frame_rate":null,"name":"audio-0","sample_rate":48000,'
    '"segments":[{"captions":[],"duration":96000,"fastest":[0,0],"frames":94,"size":777,"start":0}],"timescale":48000,'
    '"title":"Ton","width":null}]}'
)


def test_a_plan_is_written_and_read_as_ever() -> None:
    assert serialize_plan(PLAN).decode() == PLAN_TEXT
    assert deserialize_plan(PLAN_TEXT.encode()) == PLAN


def test_an_index_is_written_and_read_as_ever() -> None:
    assert serialize_index(INDEX).decode() == INDEX_TEXT
    assert deserialize_index(INDEX_TEXT.encode()) == INDEX


def test_a_field_that_is_added_is_written_too() -> None:
    plan, index = json.loads(PLAN_TEXT), json.loads(INDEX_TEXT)
    written = (
        (WorkPlan, plan),
        (Part, plan["parts"][0]),
        (PartIndex, {name: index[name] for name in index if name != "damage"}),
        (Damage, index["damage"]),
        (Track, index["tracks"][0]),
        (Segment, index["tracks"][0]["segments"][0]),
        (Failure, index["left_out"]["text-0"]),
    )
    for kind, values in written:  # by their number: names may differ
        assert len(fields(kind)) == len(values), kind


def test_the_frame_rate_of_a_part_is_not_written() -> None:
    rate = Fraction(12)
    picture = replace(PICTURE, frame_rate=rate, max_frame_rate=rate)
    counted = replace(INDEX, tracks=(picture, SOUND))
    assert serialize_index(counted).decode() == INDEX_TEXT


@pytest.mark.parametrize(
    ("part", "text"),
    [
        (PARTS[0], '{"name": "range-0000", "start_s": 0.0, "end_s": 4.0}'),
        (PARTS[1], '{"name": "range-0001", "start_s": 4.0, "end_s": null}'),
        (PARTS[2], '{"name": "sound", "start_s": null, "end_s": null}'),
    ],
)
def test_a_part_is_carried_as_ever(part: Part, text: str) -> None:
    assert json.dumps(part_to_values(part)) == text
    assert part_from_values(json.loads(text)) == part


def test_the_state_machine_names_the_sound_alone() -> None:
    assert part_from_values({"name": "sound"}) == Part("sound")


def test_the_state_machine_reads_as_ever_what_was_planned() -> None:
    assert json.dumps(Planned(RECIPE, PARTS[:2], PARTS[2]).serialize()) == (
        '{"superseded": false, "recipe": "0123456789ab", "ranges": ['
        '{"name": "range-0000", "start_s": 0.0, "end_s": 4.0}, '
        '{"name": "range-0001", "start_s": 4.0, "end_s": null}], '
        '"sound": true, "distributed": false}'
    )
    assert json.dumps(Planned(RECIPE, (), None).serialize()) == (
        '{"superseded": false, "recipe": "0123456789ab", "ranges": [], '
        '"sound": false, "distributed": false}'
    )


def test_what_another_release_wrote_besides_does_no_harm() -> None:
    assert deserialize_plan(json.dumps(besides(json.loads(PLAN_TEXT))).encode()) == PLAN
    index = besides(json.loads(INDEX_TEXT))
    for kept in ("inits", "left_out"):  # by names that are data
        del index[kept]["mood"]
    assert deserialize_index(json.dumps(index).encode()) == INDEX


def besides(value: Any) -> Any:
    """Add a name to every object, at any depth."""
    match value:
        case dict():
            return {name: besides(each) for name, each in value.items()} | {"mood": "blue"}
        case list():
            return [besides(each) for each in value]
    return value


@pytest.mark.parametrize("name", ["container", "probe", "preset", "recipe", "parts", "rungs"])
def test_a_plan_that_lacks_something_says_what(name: str) -> None:
    values = json.loads(PLAN_TEXT)
    del values[name]
    with pytest.raises(TransientError, match=f"expected {name} in the plan but it is missing"):
        deserialize_plan(json.dumps(values).encode())


@pytest.mark.parametrize(
    ("name", "what"),
    [
        *((name, "the index of a part") for name in ("tracks", "inits", "left_out", "cpu_ms")),
        *((name, "a track") for name in ("name", "codec", "timescale", "segments")),
        *((name, "a segment") for name in ("start", "duration", "size", "frames")),
    ],
)
def test_an_index_that_lacks_something_says_what(name: str, what: str) -> None:
    values = json.loads(INDEX_TEXT)
    track = values["tracks"][0]
    lacking = {"a track": track, "a segment": track["segments"][0]}.get(what, values)
    del lacking[name]
    with pytest.raises(TransientError, match=f"expected {name} in {what} but it is missing"):
        deserialize_index(json.dumps(values).encode())


def test_a_part_without_a_name_says_so() -> None:
    with pytest.raises(TransientError, match="expected name in a part but it is missing"):
        part_from_values({"start_s": 0.0})


def test_a_part_says_what_it_covers_and_where_it_is_listed() -> None:
    assert [part.span for part in PARTS] == [Span(0.0, 4.0), Span(4.0, 86_404.0), None]
    assert [part.index for part in PARTS] == ["range-0000.json", "range-0001.json", "sound.json"]


def test_a_plan_is_made_again_from_what_is_stored() -> None:
    probe = VideoProbe(width=1280, height=720, duration_ms=60_000, frame_rate=30.0, frames=1800)
    work = replace(PLAN, probe=probe)
    preset = load(PACKAGED).named(None)
    again = deserialize_plan(serialize_plan(work)).plan(preset)
    assert again == plan_video(probe, preset)
    assert again.rungs


def test_a_track_that_does_not_say_so_is_not_the_default() -> None:
    stored = json.loads(serialize_index(INDEX))
    for track in stored["tracks"]:
        track.pop("default", None)
    again = deserialize_index(json.dumps(stored).encode())
    assert again.tracks
    assert [each.default for each in again.tracks] == [False] * len(again.tracks)
