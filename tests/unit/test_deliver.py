"""What a stable address leads to."""

from dataclasses import replace

import pytest

from lib.application.doors.deliver import DeliveryState, Wanted, deliver
from lib.domain.asset import Asset, AssetStatus
from lib.domain.events import Source
from lib.domain.keys import asset_id
from lib.domain.renditions import Rendition, RenditionKind

BUCKET = "uploads"
MIMES = {
    "avif": "image/avif",
    "webp": "image/webp",
    "jpg": "image/jpeg",
    "m3u8": "application/vnd.apple.mpegurl",
    "mpd": "application/dash+xml",
    "mp4": "video/mp4",
    "m4a": "audio/mp4",
}
BYTES = {"avif": 5, "webp": 7, "jpg": 9}
ALL = ("image/avif", "image/webp")
WEBP = ("image/webp",)


class Catalog:
    """Entries by id, and how often it was asked."""

    def __init__(self, *assets):
        self.entries = {each.asset_id: each for each in assets}
        self.reads = 0

    def get(self, asset_id):
        self.reads += 1
        return self.entries.get(asset_id)


def made(name, kind=RenditionKind.IMAGE, width=None, **more):
    extension = name.rsplit(".", 1)[1]
    return Rendition(
        name, kind, MIMES[extension], f"a/v/r/{name}", width, bytes=BYTES.get(extension, 1), **more
    )


def images(*widths, kind=RenditionKind.IMAGE, prefix="", formats=("avif", "webp", "jpg")):
    return [
        made(f"{prefix}{width}.{extension}", kind, width)
        for width in widths
        for extension in formats
    ]


def asset(key, *renditions, status=AssetStatus.READY):
    return Asset(
        asset_id(BUCKET, key),
        Source(BUCKET, key, "v1", "etag", 9),
        "1",
        status,
        "",
        "",
        renditions=renditions,
        manifest_key="a/v/r/manifest.json" if renditions else None,
    )


PHOTO = asset(
    "albums/été 1.jpg",
    *images(320, 640, 1000),
    *(made(f"thumb.{each}", width=256) for each in ("avif", "webp", "jpg")),
)
CLIP = asset(
    "clip.mov",
    made("hls.m3u8", RenditionKind.STREAM),
    made("dash.mpd", RenditionKind.STREAM),
    made("h264-720/playlist.m3u8", RenditionKind.RUNG),
    made("720p.mp4", RenditionKind.VIDEO),
    *images(640, kind=RenditionKind.POSTER, prefix="poster-"),
    *(made(f"poster.{each}", RenditionKind.POSTER, 1280) for each in ("avif", "webp", "jpg")),
)


def found(path, *assets, **wanted):
    delivery = deliver(path, Wanted(**wanted), Catalog(*assets), BUCKET)
    assert delivery.state is DeliveryState.FOUND, delivery
    return delivery.key.removeprefix("a/v/r/")


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ({}, "1000.jpg"),
        ({"understood": WEBP}, "1000.webp"),
        ({"understood": ALL}, "1000.avif"),
        ({"width": 1, "understood": ALL}, "320.avif"),
        ({"width": 320, "understood": ALL}, "320.avif"),
        ({"width": 321, "understood": WEBP}, "640.webp"),
        ({"width": 5000}, "1000.jpg"),
        ({"box": "thumb", "understood": ALL}, "thumb.avif"),
        ({"box": "thumb", "width": 2000}, "thumb.jpg"),
        ({"poster": True, "width": 400}, "640.jpg"),
    ],
)
def test_a_picture_in_the_best_format_and_the_next_width_up(wanted, name):
    assert found(PHOTO.source.key, PHOTO, **wanted) == name


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ({}, "720p.mp4"),
        ({"understood": ALL}, "720p.mp4"),
        ({"poster": True}, "poster.jpg"),
        ({"poster": True, "width": 300, "understood": ALL}, "poster-640.avif"),
        ({"width": 641}, "poster.jpg"),
        ({"box": "thumb"}, "poster.jpg"),
    ],
)
def test_a_video_plays_and_its_poster_is_a_picture(wanted, name):
    assert found("clip.mov", CLIP, **wanted) == name


@pytest.mark.parametrize(
    "name",
    ["hls.m3u8", "dash.mpd", "720p.mp4", "h264-720/playlist.m3u8", "poster.jpg", "manifest.json"],
)
def test_a_rendition_by_its_name(name):
    assert found(f"clip.mov/{name}", CLIP) == name


def test_the_plain_file_has_one_name_for_every_height():
    assert found("clip.mov/video.mp4", CLIP) == "720p.mp4"


def test_a_video_without_a_plain_file_is_its_stream_and_a_sound_its_file():
    stream = asset("a.mov", made("dash.mpd", RenditionKind.STREAM), CLIP.renditions[0])
    assert found("a.mov", stream) == "hls.m3u8"
    sound = asset("a.mp3", made("audio.m4a", RenditionKind.AUDIO))
    assert found("a.mp3", sound) == "audio.m4a"


def test_a_format_that_is_no_smaller_is_not_sent():
    """As in the page's own `<picture>`."""
    larger = replace(made("640.webp", width=640), bytes=100)
    photo = asset("p.jpg", made("640.jpg", width=640), larger)
    assert found("p.jpg", photo, understood=ALL) == "640.jpg"


def test_who_understands_nothing_newer_gets_what_there_is():
    """A preset may make one format only: a picture that may not show beats none."""
    only = asset("p.jpg", *images(640, formats=("avif",)))
    assert found("p.jpg", only) == "640.avif"


def test_an_animation_stays_one():
    moving = asset(
        "a.gif",
        made("320.avif", width=320),
        made("320.webp", width=320, frames=12),
        made("animation.mp4", RenditionKind.VIDEO),
    )
    assert found("a.gif", moving, understood=ALL) == "320.webp"


def test_a_key_that_ends_as_a_rendition_is_called_is_the_key():
    """Whoever uploads it has an address, and the one of the other stays what it was."""
    nested = asset("clip.mov/hls.m3u8", *images(320))
    assert found("clip.mov/hls.m3u8", CLIP, nested) == "320.jpg"
    assert found("clip.mov/hls.m3u8/manifest.json", CLIP, nested) == "manifest.json"
    assert found("clip.mov/dash.mpd", CLIP, nested) == "dash.mpd"


def test_the_live_version_is_served_while_a_newer_one_is_worked_on_or_has_failed():
    for status in (AssetStatus.RECEIVED, AssetStatus.PROCESSING, AssetStatus.FAILED):
        newer = asset("p.jpg", *images(640), status=status)
        assert found("p.jpg", newer) == "640.jpg"


def state(path, *assets, **wanted):
    return deliver(path, Wanted(**wanted), Catalog(*assets), BUCKET)


def test_an_unknown_key():
    for path in ("other.jpg", "clip.mo", "clip.mov/", "/clip.mov", "", "/", "a/b/c/d/e"):
        answer = state(path, CLIP)
        assert (answer.state, answer.key) == (DeliveryState.UNKNOWN, ""), path


def test_an_unknown_key_costs_three_reads_at_most():
    catalog = Catalog()
    deliver("/".join("abcdefgh"), Wanted(), catalog, BUCKET)
    assert catalog.reads == 3


@pytest.mark.parametrize(
    ("path", "wanted", "word"),
    [
        ("clip.mov/480p.mp4", {}, "480p.mp4"),
        ("albums/été 1.jpg/hls.m3u8", {}, "hls.m3u8"),
        ("albums/été 1.jpg", {"box": "square"}, "square"),
        ("albums/été 1.jpg/video.mp4", {}, "video.mp4"),
    ],
)
def test_what_an_asset_has_not(path, wanted, word):
    answer = state(path, CLIP, PHOTO, **wanted)
    assert answer.state is DeliveryState.MISSING
    assert word in answer.detail


def test_a_sound_has_no_poster():
    sound = asset("a.mp3", made("audio.m4a", RenditionKind.AUDIO))
    assert state("a.mp3", sound, poster=True).state is DeliveryState.MISSING


def test_what_is_being_made_is_asked_for_again():
    for status in (AssetStatus.RECEIVED, AssetStatus.PROCESSING):
        answer = state("p.jpg", asset("p.jpg", status=status))
        assert answer.state is DeliveryState.PENDING
        assert answer.retry_seconds


def test_what_could_not_be_made_is_not_waited_for():
    for status in (AssetStatus.REJECTED, AssetStatus.FAILED):
        answer = state("p.jpg", asset("p.jpg", status=status))
        assert answer.state is DeliveryState.MISSING
        assert answer.retry_seconds is None


def test_a_rendition_that_failed_is_not_led_to():
    failed = Rendition("1280.jpg", RenditionKind.IMAGE, "image/jpeg", width=1280)
    assert found("p.jpg", asset("p.jpg", *images(640), failed), width=1280) == "640.jpg"


def test_what_was_removed():
    gone = asset("clip.mov", status=AssetStatus.DELETED)
    assert state("clip.mov", gone).state is DeliveryState.DELETED
    assert state("clip.mov/hls.m3u8", gone).state is DeliveryState.DELETED
