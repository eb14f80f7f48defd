"""Write the element that shows an asset: a page can take it as it is."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from lib.application.doors.links import Links, url_of
from lib.domain.asset import Asset
from lib.domain.characters import is_hidden
from lib.domain.manifest import image_sources
from lib.domain.renditions import Rendition, RenditionKind
from lib.domain.serialized_probe import probe_to_values
from lib.domain.thumbhash import data_uri

HLS, MP4 = "application/vnd.apple.mpegurl", "video/mp4"

SHORT_MS = 4000
"""What fits into a segment of the usual length has nothing to switch: one file is as good, and
there sooner."""

Address = Callable[[Rendition], str]


def element(asset: Asset, links: Links) -> str | None:
    """Return `<picture>`, `<video>` or `<audio>`, None where a page could show nothing."""
    return picture(asset, links) or video(asset, links) or audio(asset, links)


def picture(asset: Asset, links: Links) -> str | None:
    """Write every format; the last is the `<img>` that every browser knows. None without images."""
    sources = image_sources(asset.renditions)
    if not sources:
        return None
    address = _address_by(links)
    *better, fallback = sources
    lines = [
        _tag("source", type=each.mime, srcset=each.srcset(address), sizes=each.sizes)
        for each in better
    ]
    image = _tag(
        "img",
        src=address(fallback.widest),
        srcset=fallback.srcset(address),
        sizes=fallback.sizes,
        width=str(fallback.widest.width),
        height=str(fallback.widest.height),
        alt="",
        loading="lazy",
        decoding="async",
        style=_style(asset),
    )
    return "\n".join(("<picture>", *(f"  {line}" for line in (*lines, image)), "</picture>"))


def video(asset: Asset, links: Links) -> str | None:
    """Write the stream, the progressive file, the subtitles and the storyboard; None for sound."""
    probe, address = probe_to_values(asset.probe), _address_by(links)
    played = _of_kind(asset, links, RenditionKind.STREAM, RenditionKind.VIDEO)
    if not played:
        return None
    posters = _of_kind(asset, links, RenditionKind.POSTER)
    posters = [each for each in posters if each.mime == "image/jpeg"] or posters
    # HLS where the browser plays it, or one file.
    is_short = (probe["duration_ms"] or SHORT_MS + 1) <= SHORT_MS
    lines = [
        _tag("source", type=mime, src=address(each))
        for mime in ((MP4, HLS) if is_short else (HLS, MP4))
        for each in played
        if each.mime == mime
    ]
    lines += [
        _tag("track", kind="subtitles", src=address(each), srclang=each.language or "und")
        for each in _of_kind(asset, links, RenditionKind.SUBTITLES)
    ]
    lines += [
        _tag("track", kind="metadata", label="storyboard", src=address(each))
        for each in _of_kind(asset, links, RenditionKind.STORYBOARD)
    ]
    opening = _tag(
        "video",
        controls=True,
        playsinline=True,
        # Elsewhere than the page, subtitles and storyboard are read only by permission (CORS).
        crossorigin="anonymous" if "://" in address(played[0]) else "",
        preload="none",
        poster=address(posters[0]) if posters else "",
        width=str(probe["width"] or ""),
        height=str(probe["height"] or ""),
        style=_style(asset),
    )
    return "\n".join((opening, *(f"  {line}" for line in lines), "</video>"))


def audio(asset: Asset, links: Links) -> str | None:
    """Write the player of a sound; None where there is none."""
    sounds = _of_kind(asset, links, RenditionKind.AUDIO)
    if not sounds:
        return None
    source = _address_by(links)(sounds[0])
    return _tag("audio", controls=True, preload="none", src=source) + "</audio>"


def _address_by(links: Links) -> Address:
    return lambda rendition: links.address(rendition.key or "")


def _of_kind(asset: Asset, links: Links, *kinds: RenditionKind) -> list[Rendition]:
    return [each for each in asset.renditions if each.kind in kinds and url_of(each, links)]


def _style(asset: Asset) -> str:
    """Return what shows until the image is there: behind it, so nothing behind transparency."""
    if asset.placeholder is None or probe_to_values(asset.probe)["has_alpha"]:
        return ""
    try:
        shown = data_uri(asset.placeholder.thumbhash)
    except ValueError:  # another release may have another kind of placeholder
        return ""
    return f"background: {asset.placeholder.color} url({shown}) center / cover no-repeat"


def _tag(name: str, **attributes: str | bool) -> str:
    written = (
        attribute if value is True else f'{attribute}="{_quoted(str(value))}"'
        for attribute, value in attributes.items()
        if value or attribute == "alt"
    )
    return f"<{name} {' '.join(written)}>"


def _quoted(value: str) -> str:
    """Return an attribute's value, with a reference in place of what a terminal would obey."""
    return "".join(f"&#x{ord(each):x};" if is_hidden(each) else each for each in escape(value))
