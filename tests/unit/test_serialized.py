"""What catalog items and work files hold of a probe and a failure, under names that stay."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import Any

import pytest

from lib.adapters.aws import dynamodb_items
from lib.domain.asset import AssetStatus, Outcome
from lib.domain.errors import ErrorCode, Failure, TransientError
from lib.domain.media import AudioTrack, Probe, SubtitleTrack
from lib.domain.serialized import (
    Record,
    failure_from_values,
    failure_to_values,
    probe_from_values,
    probe_to_values,
)

PROBE = Probe(
    width=1920,
    height=1080,
    duration_ms=12000,
    frames=360,
    format="mpeg-4",
    orientation=6,
    has_alpha=True,
    color_space="bt709",
    rotation=90,
    frame_rate=30.0,
    pixel_aspect=1.5,
    interlaced=True,
    bit_depth=10,
    transfer="pq",
    video_codec="hevc",
    audio_codec="aac",
    audio_channels=6,
    sample_rate=48000,
    audio_tracks=(AudioTrack("aac", 6, 44100, "de", "Ton", default=True),),
    subtitles=(SubtitleTrack("tx3g", True, "fr", "Sous-titres", default=True, forced=True),),
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
}
FAILURE = Failure(ErrorCode.ENCODE_FAILED, "zu groß", permanent=True)


def test_a_probe_is_stored_by_names_that_stay() -> None:
    written = json.dumps(probe_to_values(PROBE))
    assert written == json.dumps(STORED)
    assert probe_from_values(json.loads(written)) == PROBE


def test_every_field_of_the_example_would_be_missed() -> None:
    for record in (PROBE, PROBE.audio_tracks[0], PROBE.subtitles[0]):
        unset = {each.name for each in fields(record) if getattr(record, each.name) == each.default}
        assert unset == set()


def test_a_source_that_says_nothing_gives_nothing_back() -> None:
    values = probe_to_values(Probe())
    assert values.keys() == STORED.keys()
    assert {name for name, value in values.items() if value is not None} == {
        "audio_tracks",
        "subtitles",
    }
    assert probe_from_values(values) == probe_from_values({}) == Probe()
    assert probe_from_values({"audio_tracks": [{}], "subtitles": [{}]}) == Probe(
        audio_tracks=(AudioTrack(),), subtitles=(SubtitleTrack(),)
    )


def test_what_another_release_wrote_besides_does_no_harm() -> None:
    newer = STORED | {
        name: [each | {"mood": "blue"} for each in STORED[name]]
        for name in ("audio_tracks", "subtitles")
    }
    assert probe_from_values(newer | {"mood": "blue"}) == PROBE
    assert failure_from_values(failure_to_values(FAILURE) | {"mood": "blue"}) == FAILURE


def test_a_probe_comes_back_from_an_item_with_its_floats() -> None:
    item = dynamodb_items.to_attribute(
        dynamodb_items.live_attributes(Outcome(AssetStatus.READY, probe=PROBE))
    )
    assert list(item["M"]["probe"]["M"]) == list(STORED)
    whole = {"N": "30"}  # as DynamoDB says 30.0
    plain = dynamodb_items.from_attribute({"M": item["M"]["probe"]["M"] | {"frame_rate": whole}})
    again = probe_from_values(plain)
    assert again == PROBE
    kinds = {each.name: type(getattr(again, each.name)) for each in fields(Probe)}
    assert kinds == {each.name: type(getattr(PROBE, each.name)) for each in fields(Probe)}


def test_a_float_that_is_unknown_stays_unknown() -> None:
    assert probe_from_values(probe_to_values(replace(PROBE, latitude=None))).latitude is None


def test_a_failure_is_stored_by_names_that_stay() -> None:
    written = json.dumps(failure_to_values(FAILURE), ensure_ascii=False)
    assert written == '{"code": "ENCODE_FAILED", "message": "zu groß", "permanent": true}'
    assert failure_from_values(json.loads(written)) == FAILURE


@pytest.mark.parametrize("name", ["code", "message", "permanent"])
def test_a_failure_that_lacks_something_says_what(name: str) -> None:
    values = {key: value for key, value in failure_to_values(FAILURE).items() if key != name}
    with pytest.raises(TransientError, match=f"expected {name} in a failure but it is missing$"):
        failure_from_values(values)


def test_what_need_not_be_there_may_be_missing() -> None:
    record = Record({"recipe": "0123"}, "a plan")
    assert (record["recipe"], record.get("recipe")) == ("0123", "0123")
    assert (record.get("preset"), record.get("number", 1)) == (None, 1)
    with pytest.raises(TransientError) as missing:
        record["preset"]
    assert missing.value.code is ErrorCode.SERVICE_UNAVAILABLE
