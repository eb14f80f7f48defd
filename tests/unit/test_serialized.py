"""What catalog items and work files hold of a probe and a failure, under names that stay."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import Any

import pytest

from lib.adapters.aws import dynamodb_items
from lib.domain.asset import AssetStatus, Outcome
from lib.domain.errors import ErrorCode, Failure, TransientError
from lib.domain.events import Source
from lib.domain.media import (
    AudioProbe,
    AudioTrack,
    ImageProbe,
    MediaWarning,
    Probe,
    SubtitleTrack,
    VideoProbe,
    WarningCode,
)
from lib.domain.renditions import Placeholder, Rendition, RenditionKind
from lib.domain.serialized import (
    Record,
    failure_from_values,
    failure_to_values,
    placeholder_from_values,
    placeholder_to_values,
    rendition_from_values,
    rendition_to_values,
    source_from_values,
    source_to_values,
)
from lib.domain.serialized_probe import probe_from_values, probe_to_values

WARNING = MediaWarning(WarningCode.INCOMPLETE, "3 of 12 s")
VIDEO = VideoProbe(
    complete=False,
    warnings=(WARNING,),
    width=1920,
    height=1080,
    duration_ms=12000,
    frames=360,
    format="mpeg-4",
    color_space="bt709",
    color_range="full",
    has_alpha=True,
    mirrored=True,
    picture_ms=11_960,
    rotation=90,
    frame_rate=30.0,
    pixel_aspect=1.5,
    interlaced=True,
    bit_depth=10,
    transfer="pq",
    video_codec="hevc",
    video_stream="V:1",
    audio_codec="aac",
    audio_channels=6,
    sample_rate=48000,
    audio_tracks=(AudioTrack("aac", 6, 44100, "de", "Ton", default=True, stream="i:3"),),
    subtitles=(SubtitleTrack("tx3g", True, "fr", "Sous-titres", default=True, forced=True),),
    captured_at="2027-01-15T08:00:00",
    phash="0123456789abcdef",
)
IMAGE = ImageProbe(
    hdr="hlg",
    complete=False,
    warnings=(WARNING,),
    width=1920,
    height=1080,
    duration_ms=12000,
    frames=360,
    format="mpeg-4",
    orientation=6,
    has_alpha=True,
    color_space="bt709",
    captured_at="2027-01-15T08:00:00",
    camera="Caméra",
    lens="50mm",
    exposure_s=0.004,
    f_number=2.0,
    iso=400,
    focal_length_mm=50.0,
    latitude=-33.5,
    longitude=151.25,
    altitude_m=12.0,
    copyright="© Zoë",
    loops=0,
    sha256="ab" * 32,
    phash="0123456789abcdef",
)
AUDIO = AudioProbe(
    complete=False,
    warnings=(WARNING,),
    duration_ms=12000,
    format="mpeg-4",
    audio_codec="aac",
    audio_channels=6,
    sample_rate=48000,
    audio_tracks=(AudioTrack("aac", 6, 44100, "de", "Ton", default=True, stream="i:3"),),
    captured_at="2027-01-15T08:00:00",
)
STORED: dict[str, Any] = {
    "width": 1920,
    "height": 1080,
    "duration_ms": 12000,
    "frames": 360,
    "format": "mpeg-4",
    "orientation": 6,
    "has_alpha": True,
    "color_space": "bt709",
    "rotation": 90,
    "frame_rate": 30.0,
    "pixel_aspect": 1.5,
    "interlaced": True,
    "bit_depth": 10,
    "transfer": "pq",
    "video_codec": "hevc",
    "video_stream": "V:1",
    "audio_codec": "aac",
    "audio_channels": 6,
    "sample_rate": 48000,
    "audio_tracks": [
        {
            "codec": "aac",
            "channels": 6,
            "sample_rate": 44100,
            "language": "de",
            "title": "Ton",
            "default": True,
            "stream": "i:3",
        }
    ],
    "subtitles": [
        {
            "codec": "tx3g",
            "is_text": True,
            "language": "fr",
            "title": "Sous-titres",
            "default": True,
            "forced": True,
        }
    ],
    "captured_at": "2027-01-15T08:00:00",
    "camera": "Caméra",
    "lens": "50mm",
    "exposure_s": 0.004,
    "f_number": 2.0,
    "iso": 400,
    "focal_length_mm": 50.0,
    "latitude": -33.5,
    "longitude": 151.25,
    "altitude_m": 12.0,
    "copyright": "© Zoë",
    "loops": 0,
    "sha256": "ab" * 32,
    "phash": "0123456789abcdef",
    "hdr": "hlg",
    "color_range": "full",
    "mirrored": True,
    "picture_ms": 11_960,
    "complete": False,
    "warnings": [{"code": "INCOMPLETE", "message": "3 of 12 s"}],
}

SAID: dict[Probe, set[str]] = {
    VIDEO: {
        *("width", "height", "duration_ms", "frames", "format", "color_space", "rotation"),
        *("color_range", "has_alpha", "mirrored", "picture_ms"),
        *("frame_rate", "pixel_aspect", "interlaced", "bit_depth", "transfer", "video_codec"),
        "video_stream",
        *("audio_codec", "audio_channels", "sample_rate", "audio_tracks", "subtitles"),
        *("captured_at", "phash", "complete", "warnings"),
    },
    IMAGE: {
        *("width", "height", "duration_ms", "frames", "format", "orientation", "has_alpha"),
        *("color_space", "captured_at", "camera", "lens", "exposure_s", "f_number", "iso"),
        *("focal_length_mm", "latitude", "longitude", "altitude_m", "copyright", "loops"),
        *("sha256", "phash", "hdr", "complete", "warnings"),
    },
    AUDIO: {
        *("duration_ms", "format", "audio_codec", "audio_channels", "sample_rate"),
        *("audio_tracks", "captured_at", "complete", "warnings"),
    },
}
"""What each medium says; of the others nothing is stored but None, and no tracks."""


def stored(probe: Probe) -> dict[str, Any]:
    said = SAID[probe]
    nothing: dict[str, Any] = {"audio_tracks": [], "subtitles": [], "warnings": []}
    return {name: value if name in said else nothing.get(name) for name, value in STORED.items()}


every_medium = pytest.mark.parametrize("probe", SAID, ids=lambda each: type(each).__name__)
FAILURE = Failure(ErrorCode.ENCODE_FAILED, "zu groß")


@every_medium
def test_a_probe_is_stored_by_names_that_stay(probe: Probe) -> None:
    written = json.dumps(probe_to_values(probe))
    assert written == json.dumps(stored(probe))
    assert probe_from_values(json.loads(written)) == probe


def test_every_field_of_the_example_would_be_missed() -> None:
    records: tuple[Any, ...] = (*SAID, VIDEO.audio_tracks[0], VIDEO.subtitles[0])
    for record in records:
        unset = {each.name for each in fields(record) if getattr(record, each.name) == each.default}
        assert unset == set()


def test_a_source_that_says_nothing_gives_nothing_back() -> None:
    values = probe_to_values(Probe())
    assert values.keys() == STORED.keys()
    assert {name for name, value in values.items() if value is not None} == {
        "audio_tracks",
        "subtitles",
        "warnings",
    }
    assert probe_from_values(values) == probe_from_values({}) == Probe()
    assert probe_from_values({"audio_tracks": [{}], "subtitles": [{}]}) == VideoProbe(
        audio_tracks=(AudioTrack(),), subtitles=(SubtitleTrack(),)
    )


@pytest.mark.parametrize(
    "probe",
    [
        VideoProbe(width=64, height=48, video_codec="avc"),
        ImageProbe(width=64, height=48),
        AudioProbe(audio_tracks=(AudioTrack(),)),
        Probe(format="mpeg-4"),
    ],
    ids=lambda each: type(each).__name__,
)
def test_a_medium_is_known_by_the_least_that_is_said_of_it(probe: Probe) -> None:
    assert probe_from_values(probe_to_values(probe)) == probe


@every_medium
def test_what_another_release_wrote_besides_does_no_harm(probe: Probe) -> None:
    written = stored(probe)
    newer = written | {
        name: [each | {"mood": "blue"} for each in written[name]]
        for name in ("audio_tracks", "subtitles", "warnings")
    }
    assert probe_from_values(newer | {"mood": "blue"}) == probe


def test_what_another_release_wrote_of_a_failure_does_no_harm() -> None:
    assert failure_from_values(failure_to_values(FAILURE) | {"mood": "blue"}) == FAILURE


@every_medium
def test_a_probe_comes_back_from_an_item_with_its_floats(probe: Probe) -> None:
    item = dynamodb_items.to_attribute(
        dynamodb_items.live_attributes(Outcome(AssetStatus.READY, probe=probe))
    )
    attributes = item["M"]["probe"]["M"]
    assert list(attributes) == [name for name, value in stored(probe).items() if value is not None]
    # DynamoDB says 30 of 30.0.
    whole = {
        name: {"N": each["N"].removesuffix(".0")} if "N" in each else each
        for name, each in attributes.items()
    }
    again = probe_from_values(dynamodb_items.from_attribute({"M": whole}))
    assert again == probe
    kinds = {each.name: type(getattr(again, each.name)) for each in fields(probe)}
    assert kinds == {each.name: type(getattr(probe, each.name)) for each in fields(probe)}


def test_a_float_that_is_unknown_stays_unknown() -> None:
    elsewhere = replace(IMAGE, latitude=None)
    assert probe_from_values(probe_to_values(elsewhere)) == elsewhere


def test_a_failure_is_stored_by_names_that_stay() -> None:
    written = json.dumps(failure_to_values(FAILURE), ensure_ascii=False)
    assert written == '{"code": "ENCODE_FAILED", "message": "zu groß", "permanent": true}'
    assert failure_from_values(json.loads(written)) == FAILURE


@pytest.mark.parametrize("permanent", [True, False])
def test_a_code_of_another_release_comes_back_as_it_was_written(permanent: bool) -> None:
    written = {"code": "QUARANTINED", "message": "why", "permanent": permanent}
    again = failure_from_values(written)
    assert (again.code.known, again.permanent) == (False, permanent)
    assert json.dumps(failure_to_values(again)) == json.dumps(written)


def test_a_failure_that_lacks_something_may_pass() -> None:
    stored = failure_to_values(FAILURE)
    assert failure_from_values({"code": stored["code"], "message": "zu groß"}) == FAILURE
    assert failure_from_values({"code": stored["code"]}) == replace(FAILURE, message="")
    assert failure_from_values({"message": "why"}) == Failure(ErrorCode(""), "why")
    assert not failure_from_values({}).permanent


def test_what_need_not_be_there_may_be_missing() -> None:
    record = Record({"recipe": "0123"}, "a plan")
    assert (record["recipe"], record.get("recipe")) == ("0123", "0123")
    assert (record.get("preset"), record.get("number", 1)) == (None, 1)
    with pytest.raises(TransientError) as missing:
        record["preset"]
    assert missing.value.code is ErrorCode.SERVICE_UNAVAILABLE


SOURCE = Source("in", "a/é.mov", "v1", "e1", 1234)
STORED_SOURCE = {"bucket": "in", "key": "a/é.mov", "version_id": "v1", "etag": "e1", "size": 1234}
PLACEHOLDER = Placeholder("m8QJFwA=", "#a0b1c2")
RENDITION = Rendition(
    name="h264-720.m3u8",
    kind=RenditionKind.RUNG,
    mime="application/vnd.apple.mpegurl",
    key="0a/1b/2c/h264-720.m3u8",
    width=1280,
    height=720,
    duration_ms=12_000,
    bytes=4321,
    sha256="cd" * 32,
    frames=3,
    quality=80,
    instead_of="av1-720.m3u8",
    codecs="avc1.64001f",
    bandwidth=2_000_000,
    language="de",
    error=Failure(ErrorCode.ENCODE_FAILED, "why"),
)
STORED_RENDITION = {
    "name": "h264-720.m3u8",
    "kind": "rung",
    "mime": "application/vnd.apple.mpegurl",
    "key": "0a/1b/2c/h264-720.m3u8",
    "width": 1280,
    "height": 720,
    "duration_ms": 12_000,
    "bytes": 4321,
    "sha256": "cd" * 32,
    "frames": 3,
    "quality": 80,
    "instead_of": "av1-720.m3u8",
    "codecs": "avc1.64001f",
    "bandwidth": 2_000_000,
    "language": "de",
    "error": {"code": "ENCODE_FAILED", "message": "why", "permanent": True},
}


def test_a_source_is_stored_by_names_that_stay():
    assert source_to_values(SOURCE) == STORED_SOURCE
    assert source_from_values({**STORED_SOURCE, "sequencer": "0a"}) == SOURCE
    assert len(STORED_SOURCE) == len(fields(Source))


def test_a_placeholder_is_stored_by_names_that_stay():
    stored = {"thumbhash": "m8QJFwA=", "color": "#a0b1c2"}
    assert placeholder_to_values(PLACEHOLDER) == stored
    assert placeholder_from_values({**stored, "blurhash": "later"}) == PLACEHOLDER
    assert placeholder_from_values({"blurhash": "later", "color": "#a0b1c2"}) is None
    assert placeholder_from_values({"thumbhash": "m8QJFwA=", "color": 7}) is None
    assert len(stored) == len(fields(Placeholder))


def test_a_rendition_is_stored_by_names_that_stay():
    assert rendition_to_values(RENDITION) == STORED_RENDITION
    assert list(rendition_to_values(RENDITION)) == list(STORED_RENDITION)
    assert rendition_from_values({**STORED_RENDITION, "hdr": True}) == RENDITION
    assert len(STORED_RENDITION) == len(fields(Rendition))
    little = {"name": "a.jpg", "kind": "image", "mime": "image/jpeg"}
    assert rendition_from_values(little) == Rendition("a.jpg", RenditionKind.IMAGE, "image/jpeg")


def test_a_rendition_of_another_release_comes_back_as_it_was_written():
    written = {**STORED_RENDITION, "kind": "hologram", "error": {"code": "TOO_DEEP", "message": ""}}
    again = rendition_from_values(written)
    assert (again.kind.known, again.kind) == (False, "hologram")
    error = {"code": "TOO_DEEP", "message": "", "permanent": False}
    assert rendition_to_values(again) == {**STORED_RENDITION, "kind": "hologram", "error": error}


@pytest.mark.parametrize("name", ["name", "kind", "mime"])
@pytest.mark.parametrize("value", [None, 7])
def test_a_rendition_without_what_it_must_have_is_read(name, value):
    again = rendition_from_values({**STORED_RENDITION, name: value, "error": value})
    assert again.error is None
    assert getattr(again, name) == ""
    assert again.key == RENDITION.key


def test_a_value_comes_back_from_an_attribute_as_what_it_was() -> None:
    for value in (-7, 7, -0.5, 1e21, 1e-7, "-7", "", True, False, [], [1, ["a"]], {"a": {"b": -1}}):
        again = dynamodb_items.from_attribute(dynamodb_items.to_attribute(value))
        assert (again, type(again)) == (value, type(value))
    assert dynamodb_items.from_attribute({"M": {"a": {"NULL": True}}}) == {"a": None}
    with pytest.raises(TypeError) as refused:
        dynamodb_items.to_attribute({"a": [b"bytes"]})
    assert str(refused.value) == "expected text, number, map or list but received bytes"


def test_what_is_live_is_stored_by_names_that_stay() -> None:
    outcome = Outcome(
        AssetStatus.READY,
        probe=VIDEO,
        placeholder=PLACEHOLDER,
        preset="default",
        recipe="0123456789ab",
        renditions=(RENDITION,),
        manifest_key="a/b/c/manifest.json",
    )
    assert dynamodb_items.live_attributes(outcome) == {
        "probe": probe_to_values(VIDEO),
        "width": 1920,
        "height": 1080,
        "duration_ms": 12000,
        "placeholder": placeholder_to_values(PLACEHOLDER),
        "preset": "default",
        "recipe": "0123456789ab",
        "renditions": [STORED_RENDITION],
        "manifest_key": "a/b/c/manifest.json",
    }
