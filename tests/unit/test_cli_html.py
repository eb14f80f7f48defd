"""`media show --html`: an element that a page can take as it is."""

from dataclasses import replace
from html.parser import HTMLParser

import pytest

from lib.cli.errors import CommandError
from lib.cli.html import picture_element
from lib.errors import ErrorCode
from lib.model import (
    Asset,
    AssetStatus,
    Failure,
    Placeholder,
    Probe,
    Rendition,
    RenditionKind,
    Source,
)


def made(name, width, height, **more):
    mime = {"avif": "image/avif", "webp": "image/webp", "jpg": "image/jpeg"}[name.split(".")[1]]
    rendition = Rendition(name, RenditionKind.IMAGE, mime, f"a/b/c/{name}", width, height)
    return replace(rendition, **more)


ASSET = Asset(
    "a",
    Source("uploads", "photo.jpg", "v1", "etag", 9),
    "1",
    AssetStatus.READY,
    "",
    "",
    probe=Probe(width=3000, height=2000, has_alpha=False),
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
    return Elements(picture_element(asset, base_url)).found


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
    transparent = replace(ASSET, probe=replace(ASSET.probe, has_alpha=True))
    assert "style" not in elements(transparent)[-2][1]


def test_what_failed_is_left_out_and_the_last_format_that_is_there_is_the_image():
    broken = Failure(ErrorCode.ENCODE_FAILED, "", permanent=True)
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
    with pytest.raises(CommandError, match=r"photo\.jpg has no renditions of an image"):
        picture_element(replace(ASSET, renditions=renditions))
