"""`media show --html`: an element that a page can take as it is."""

from dataclasses import replace
from html.parser import HTMLParser

import pytest

from lib.cli.arguments import CommandError
from lib.cli.html import element
from lib.domain.asset import Asset, AssetStatus
from lib.domain.errors import ErrorCode, Failure
from lib.domain.events import Source
from lib.domain.media import ImageProbe, VideoProbe
from lib.domain.renditions import Placeholder, Rendition, RenditionKind


def made(name, width, height, **more):
    mime = {"avif": "image/avif", "webp": "image/webp", "jpg": "image/jpeg"}[name.split(".")[1]]
    size = {"image/avif": 5, "image/webp": 7, "image/jpeg": 9}[mime]
    rendition = Rendition(
        name, RenditionKind.IMAGE, mime, f"a/b/c/{name}", width, height, bytes=size
    )
    return replace(rendition, **more)


ASSET = Asset(
    "a",
    Source("uploads", "photo.jpg", "v1", "etag", 9),
    "1",
    AssetStatus.READY,
    "",
    "",
    probe=ImageProbe(width=3000, height=2000, has_alpha=False),
    placeholder=Placeholder("3OcRJYB4d3h/iIeHeEh3eIhw+j2w", "#aabbcc"),
    renditions=(
        made("640.jpg", 640, 427),
        made("640.webp", 640, 427),
        made("640.avif", 640, 427),
        made("320.jpg", 320, 213),
        made("320.webp", 320, 213),
        made("320.avif", 320, 213),
        made("thumb.jpg", 256, 256),
    ),
)


class Elements(HTMLParser):
    """What an element consists of, as a browser reads it."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        self.found.append((f"/{tag}", {}))


def elements(asset, base_url=""):
    return Elements(element(asset, base_url)).found


def test_sources_by_format_then_an_image_that_every_browser_shows():
    picture, avif, webp, image, end = elements(ASSET, "https://cdn.example/media/")
    assert (picture, end) == (("picture", {}), ("/picture", {}))
    base, sizes = "https://cdn.example/media/a/b/c", "(max-width: 640px) 100vw, 640px"
    assert avif == (
        "source",
        {
            "type": "image/avif",
            "srcset": f"{base}/320.avif 320w, {base}/640.avif 640w",
            "sizes": sizes,
        },
    )
    assert webp[1]["type"] == "image/webp"
    tag, attributes = image
    style = attributes.pop("style")
    assert tag == "img"
    assert attributes == {
        "src": f"{base}/640.jpg",
        "srcset": f"{base}/320.jpg 320w, {base}/640.jpg 640w",
        "sizes": sizes,
        "width": "640",
        "height": "427",
        "alt": "",
        "loading": "lazy",
        "decoding": "async",
    }
    assert style.startswith("background: #aabbcc url(data:image/png;base64,")


def test_without_a_base_the_keys_are_the_addresses():
    assert elements(ASSET)[-2][1]["src"] == "a/b/c/640.jpg"


def test_behind_transparency_nothing_shows():
    assert isinstance(ASSET.probe, ImageProbe)
    transparent = replace(ASSET, probe=replace(ASSET.probe, has_alpha=True))
    assert "style" not in elements(transparent)[-2][1]


def test_what_failed_is_left_out_and_the_last_format_that_is_there_is_the_image():
    broken = Failure(ErrorCode.ENCODE_FAILED, "")
    renditions = (made("640.jpg", 640, 427, key=None, error=broken), made("640.webp", 640, 427))
    _, (tag, attributes), _ = elements(replace(ASSET, renditions=renditions))
    assert (tag, attributes["src"]) == ("img", "a/b/c/640.webp")


def test_nothing_in_it_can_end_an_attribute():
    _, avif, *_ = elements(ASSET, '"><script>')
    assert avif[0] == "source"
    assert avif[1]["srcset"].startswith('"><script>/a/b/c/320.avif 320w')


@pytest.mark.parametrize(
    "renditions", [(), (made("poster.jpg", 64, 36, kind=RenditionKind.POSTER),)]
)
def test_what_is_no_image_has_no_element(renditions):
    with pytest.raises(CommandError, match=r"photo\.jpg has no renditions that a page"):
        element(replace(ASSET, renditions=renditions))


def video(name, kind, mime, **more):
    return Rendition(name, kind, mime, f"a/b/c/{name}", **more)


VIDEO = replace(
    ASSET,
    probe=VideoProbe(width=1280, height=720, video_codec="avc"),
    renditions=(
        video("h264-720/playlist.m3u8", RenditionKind.RUNG, "application/vnd.apple.mpegurl"),
        video("720p.mp4", RenditionKind.VIDEO, "video/mp4"),
        video("dash.mpd", RenditionKind.STREAM, "application/dash+xml"),
        video("hls.m3u8", RenditionKind.STREAM, "application/vnd.apple.mpegurl"),
        video("poster.avif", RenditionKind.POSTER, "image/avif"),
        video("poster.jpg", RenditionKind.POSTER, "image/jpeg"),
        video("subtitles-0.vtt", RenditionKind.SUBTITLES, "text/vtt", language="de"),
        video("storyboard.vtt", RenditionKind.STORYBOARD, "text/vtt"),
    ),
)


def test_a_video_plays_its_stream_else_the_one_file_and_shows_its_poster():
    (tag, attributes), *inner, _ = elements(VIDEO, "https://cdn.example")
    assert tag == "video"
    assert attributes["poster"] == "https://cdn.example/a/b/c/poster.jpg"
    assert {"controls", "playsinline", "crossorigin"} <= attributes.keys()
    assert [(name, found.get("type", found.get("kind"))) for name, found in inner] == [
        ("source", "application/vnd.apple.mpegurl"),
        ("source", "video/mp4"),
        ("track", "subtitles"),
        ("track", "metadata"),
    ]
    assert inner[0][1]["src"].endswith("/hls.m3u8")
    assert inner[2][1]["srclang"] == "de"


def test_a_clip_of_one_segment_plays_its_one_file_first():
    assert isinstance(VIDEO.probe, VideoProbe)
    types = {}
    for duration_ms in (4000, 4001, None):
        clip = replace(VIDEO, probe=replace(VIDEO.probe, duration_ms=duration_ms))
        found = [each.get("type") for name, each in elements(clip) if name == "source"]
        types[duration_ms] = found[0]
    hls = "application/vnd.apple.mpegurl"
    assert types == {4000: "video/mp4", 4001: hls, None: hls}


def test_sound_is_played_from_its_file():
    sound = replace(ASSET, renditions=(video("audio.m4a", RenditionKind.AUDIO, "audio/mp4"),))
    (tag, attributes), _ = elements(sound)
    assert (tag, attributes["src"]) == ("audio", "a/b/c/audio.m4a")
