"""The manifest: what a front end needs, as the published schema says, the same bytes each time."""

import base64
import io
import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from PIL import Image

from lib.domain.asset import AssetStatus, Outcome
from lib.domain.errors import ErrorCode, Failure
from lib.domain.keys import asset_id
from lib.domain.manifest import image_sources, manifest
from lib.domain.media import (
    AudioProbe,
    AudioTrack,
    ImageProbe,
    MediaType,
    MediaWarning,
    Probe,
    SubtitleTrack,
    VideoProbe,
    WarningCode,
)
from lib.domain.renditions import Placeholder, Rendition, RenditionKind
from lib.domain.serialized_probe import probe_to_values
from tests.support.fakes import MemorySources, received

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs/manifest.schema.json").read_text(encoding="utf-8")
)
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
EVENT = received(MemorySources().upload("photos/été.jpg", b"content"))
TOO_LARGE = Failure(ErrorCode.ENCODE_FAILED, "too large for AVIF")

PHOTO = ImageProbe(
    width=3000,
    height=2000,
    frames=1,
    format="jpeg",
    orientation=6,
    has_alpha=False,
    color_space="sRGB",
    captured_at="2024-07-14T21:30:05+02:00",
    camera="Canon EOS R5",
    lens="Canon RF 24-70mm",
    exposure_s=0.00625,
    f_number=2.8,
    iso=400,
    focal_length_mm=42.5,
    latitude=-33.8,
    longitude=151.2,
    altitude_m=-2.0,
    copyright="Ada",
    sha256="a" * 64,
    phash="0123456789abcdef",
)
CLIP = VideoProbe(
    width=640,
    height=360,
    duration_ms=2000,
    frames=48,
    format="mpeg-4",
    rotation=90,
    frame_rate=24.0,
    pixel_aspect=1.0,
    video_codec="hevc",
    audio_codec="aac",
    audio_channels=2,
    sample_rate=48000,
    interlaced=False,
    bit_depth=10,
    transfer="pq",
    audio_tracks=(AudioTrack("aac", 2, 48000, "zh-Hant", "評論", default=True), AudioTrack()),
    subtitles=(SubtitleTrack("utf-8", is_text=True, language="fr"),),
)
PLACEHOLDER = Placeholder("3OcRJYB4d3h/iIeHeEh3eIhw+j2w", "#aabbcc")


def image(name, width, height, **more):
    mime = {"avif": "image/avif", "webp": "image/webp", "jpg": "image/jpeg"}[name.split(".")[1]]
    size = {"image/avif": 5, "image/webp": 7, "image/jpeg": 9}[mime]
    made = Rendition(
        name, RenditionKind.IMAGE, mime, f"a/b/c/{name}", width, height, bytes=size, sha256="f" * 64
    )
    return replace(made, **more)


def failed(name, **more):
    return replace(image(name, 1920, 1280), key=None, bytes=None, sha256=None, error=TOO_LARGE)


def outcome(*renditions, **more):
    made = Outcome(
        AssetStatus.READY,
        PHOTO,
        PLACEHOLDER,
        preset="default",
        recipe="0123456789ab",
        renditions=renditions,
    )
    return replace(made, **more)


def written(outcome, event=EVENT):
    """Return the manifest, after it was found valid."""
    parsed = json.loads(manifest(event, outcome))
    VALIDATOR.validate(parsed)
    return parsed


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_every_format_has_its_widths_in_a_srcset_and_boxes_stand_apart():
    made = written(
        outcome(
            image("1920.jpg", 1920, 1280),
            image("1920.avif", 1920, 1280),
            image("320.avif", 320, 213),
            image("320.jpg", 320, 213, quality=71),
            image("thumb.jpg", 256, 256),
            image("thumb.avif", 256, 256),
            image("banner.jpg", 600, 200),
        )
    )
    sizes = "(max-width: 1920px) 100vw, 1920px"
    assert made["sources"] == [
        {"mime": "image/avif", "srcset": "320.avif 320w, 1920.avif 1920w", "sizes": sizes},
        {"mime": "image/jpeg", "srcset": "320.jpg 320w, 1920.jpg 1920w", "sizes": sizes},
    ]
    assert made["boxes"] == {
        "banner": [{"mime": "image/jpeg", "src": "banner.jpg", "width": 600, "height": 200}],
        "thumb": [
            {"mime": "image/avif", "src": "thumb.avif", "width": 256, "height": 256},
            {"mime": "image/jpeg", "src": "thumb.jpg", "width": 256, "height": 256},
        ],
    }
    assert made["renditions"][3] == {
        "name": "320.jpg",
        "kind": "image",
        "mime": "image/jpeg",
        "key": "a/b/c/320.jpg",
        "width": 320,
        "height": 213,
        "bytes": 9,
        "sha256": "f" * 64,
        "quality": 71,
    }
    assert made["aspect_ratio"] == 1.5
    assert made["probe"]["latitude"] == -33.8
    assert made["source"]["key"] == "photos/été.jpg"


def test_a_format_is_offered_only_where_it_is_smaller_than_what_more_browsers_know():
    sizes = {"jpg": 90, "webp": 60, "avif": 61}
    names = [f"{width}.{end}" for width in (640, 320) for end in sizes]
    made = written(
        outcome(
            *(
                image(each, 640 if "640" in each else 320, 100, bytes=sizes[each[4:]])
                for each in names
            ),
            image("thumb.jpg", 64, 64, bytes=30),
            image("thumb.avif", 64, 64, bytes=31),
        )
    )
    assert [each["mime"] for each in made["sources"]] == ["image/webp", "image/jpeg"]
    assert [each["mime"] for each in made["boxes"]["thumb"]] == ["image/jpeg"]


def test_what_both_have_is_compared_where_a_format_lacks_a_width():
    narrow = (image("320.jpg", 320, 100, bytes=50), image("640.jpg", 640, 200, bytes=90))
    made = written(outcome(image("640.webp", 640, 200, bytes=80), *narrow))
    assert [each["mime"] for each in made["sources"]] == ["image/webp", "image/jpeg"]


def test_no_format_is_offered_whose_widest_is_a_part_of_the_picture():
    made = written(
        outcome(
            image("320.avif", 320, 15_000), failed("1600.avif"), image("1600.jpg", 1600, 75_000)
        )
    )
    assert [each["srcset"] for each in made["sources"]] == ["1600.jpg 1600w"]


def test_what_failed_is_listed_with_its_reason_and_with_what_stands_in_for_it():
    made = written(
        outcome(
            failed("1920.avif"),
            image("1920.webp", 1920, 1280, instead_of="1920.avif"),
            image("320.avif", 320, 213),
        )
    )
    assert [each["srcset"] for each in made["sources"]] == ["1920.webp 1920w"]
    broken, instead, _ = made["renditions"]
    assert broken["error"] == {
        "code": "ENCODE_FAILED",
        "message": "too large for AVIF",
        "permanent": True,
    }
    assert "key" not in broken
    assert instead["instead_of"] == "1920.avif"


def test_of_an_animation_only_what_moves_is_offered():
    made = written(
        outcome(
            image("320.avif", 320, 213),
            image("320.webp", 320, 213, frames=12, duration_ms=1200),
            probe=replace(PHOTO, frames=12, loops=0, duration_ms=1200),
        )
    )
    assert [each["mime"] for each in made["sources"]] == ["image/webp"]


def test_the_placeholder_is_a_picture_to_put_into_the_page():
    shown = written(outcome(image("320.jpg", 320, 213)))["placeholder"]
    assert (shown["thumbhash"], shown["color"]) == (PLACEHOLDER.thumbhash, "#aabbcc")
    kind, data = shown["data_uri"].split(",")
    assert kind == "data:image/png;base64"
    tiny = Image.open(io.BytesIO(base64.b64decode(data)))
    tiny.load()
    assert max(tiny.size) == 16
    assert len(shown["data_uri"]) < 1500


@pytest.mark.parametrize(
    ("media_type", "probe", "renditions"),
    [
        (
            MediaType.VIDEO,
            CLIP,
            (
                Rendition(
                    "360p.mp4", RenditionKind.VIDEO, "video/mp4", "a/b/c/360p.mp4", 640, 360, 2000
                ),
                image("poster.jpg", 640, 360, kind=RenditionKind.POSTER),
                *(
                    Rendition(f"a.{kind}", kind, "x/y", "a/b/c/d", codecs="avc1.64001f")
                    for kind in RenditionKind
                    if kind is not RenditionKind.IMAGE
                ),
                Rendition(
                    "audio-0/playlist.m3u8",
                    RenditionKind.RUNG,
                    "application/vnd.apple.mpegurl",
                    "a/b/c/audio-0/playlist.m3u8",
                    bandwidth=128_000,
                    language="zh-Hant",
                ),
            ),
        ),
        (
            MediaType.AUDIO,
            AudioProbe(duration_ms=2000, format="wave", audio_codec="pcm"),
            (Rendition("audio.m4a", RenditionKind.AUDIO, "audio/mp4", "a/b/c/audio.m4a"),),
        ),
    ],
)
def test_videos_and_sound_have_no_srcset(media_type, probe, renditions):
    renditions = tuple(replace(each, bytes=9, sha256="f" * 64) for each in renditions)
    event = replace(EVENT, media_type=media_type)
    made = written(outcome(*renditions, probe=probe, placeholder=None), event)
    assert (made["sources"], made["boxes"], made["placeholder"]) == ([], {}, None)
    assert made["aspect_ratio"] == (1.7778 if isinstance(probe, VideoProbe) else None)
    assert len(made["renditions"]) == len(renditions)


def test_tracks_are_listed_without_what_is_not_known():
    event = replace(EVENT, media_type=MediaType.VIDEO)
    poster = image("poster.jpg", 640, 360, kind=RenditionKind.POSTER)
    probe = written(outcome(poster, probe=CLIP, placeholder=None), event)["probe"]
    assert probe["audio_tracks"][1] == {"default": False}
    assert probe["audio_tracks"][0]["language"] == "zh-Hant"
    assert probe["subtitles"] == [
        {"codec": "utf-8", "is_text": True, "language": "fr", "default": False, "forced": False}
    ]
    assert (
        not {"audio_tracks", "subtitles"} & written(outcome(image("9.jpg", 9, 9)))["probe"].keys()
    )


def test_every_rendition_field_and_kind_is_in_the_schema():
    definitions = SCHEMA["$defs"]
    made, failed = definitions["made"]["properties"], definitions["failed"]["properties"]
    assert set(made) | set(failed) == set(Rendition.__annotations__)
    assert set(definitions["kind"]["enum"]) == set(RenditionKind)


def test_every_track_field_is_in_the_schema():
    described = SCHEMA["properties"]["probe"]["properties"]
    for name, track in (("audio_tracks", AudioTrack), ("subtitles", SubtitleTrack)):
        assert set(described[name]["items"]["properties"]) == set(track.__annotations__)


@pytest.mark.parametrize("probe", [ImageProbe(), ImageProbe(width=640), VideoProbe(height=640)])
def test_half_a_size_has_no_ratio(probe):
    assert written(outcome(image("320.jpg", 320, 213), probe=probe))["aspect_ratio"] is None


def test_one_outcome_has_one_spelling():
    made = manifest(EVENT, outcome(image("320.jpg", 320, 213), failed("1920.avif")))
    parsed = json.loads(made)
    assert made.decode() == json.dumps(parsed, ensure_ascii=False, indent=1, sort_keys=True)
    assert "photos/été.jpg".encode() in made


def test_the_asset_is_named_by_its_id():
    made = written(outcome(image("320.jpg", 320, 213)))
    assert made["asset_id"] == asset_id(EVENT.source.bucket, "photos/été.jpg")


@pytest.mark.parametrize(
    "damage",
    [
        {"schema": 2},
        {"renditions": []},
        {"renditions": [{"name": "a.jpg", "kind": "image", "mime": "image/jpeg"}]},
        {"placeholder": {"thumbhash": "", "color": "red", "data_uri": ""}},
        {"sources": [{"mime": "image/jpeg", "srcset": "", "sizes": ""}]},
        {"probe": {"widht": 1}},
        {"more": 1},
    ],
)
def test_the_schema_refuses_what_no_manifest_is(damage):
    made = written(outcome(image("320.jpg", 320, 213)))
    assert not VALIDATOR.is_valid(made | damage)


def test_what_to_know_of_a_source_stands_beside_its_probe():
    cut = MediaWarning(WarningCode.INCOMPLETE, "412 of 1,200 lines")
    made = written(
        outcome(image("320.jpg", 320, 213), probe=replace(PHOTO, complete=False, warnings=(cut,)))
    )
    assert made["warnings"] == [{"code": "INCOMPLETE", "message": "412 of 1,200 lines"}]
    assert made["probe"]["complete"] is False
    assert written(outcome(image("320.jpg", 320, 213)))["warnings"] == []


def test_every_warning_is_in_the_schema():
    codes = SCHEMA["properties"]["warnings"]["items"]["properties"]["code"]["enum"]
    assert codes == [str(each) for each in WarningCode]


def test_every_probe_field_is_in_the_schema():
    described = set(SCHEMA["properties"]["probe"]["properties"])
    assert described == set(probe_to_values(Probe())) - {"warnings"}  # these stand beside it


def test_sources_have_their_widest_last():
    [jpeg] = image_sources((image("1920.jpg", 1920, 1280), image("320.jpg", 320, 213)))
    assert jpeg.widest.width == 1920
    assert jpeg.srcset(lambda each: f"/{each.name}") == "/320.jpg 320w, /1920.jpg 1920w"
