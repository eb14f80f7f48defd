"""Write a `<picture>` element that a page can take as it is."""

from __future__ import annotations

from html import escape
from urllib.parse import quote

from lib.cli.errors import CommandError
from lib.manifest import image_sources
from lib.model import Asset, Rendition
from lib.preview import data_uri


def picture_element(asset: Asset, base_url: str = "") -> str:
    """Return the element for an image; `base_url` is where the renditions bucket is served.

    The last format is the `<img>` that every browser knows. Raises CommandError where there is no
    image to show.
    """
    sources = image_sources(asset.renditions)
    if not sources:
        raise CommandError(f"{asset.source.key} has no renditions of an image")

    def address(rendition: Rendition) -> str:
        key = quote(rendition.key or "")
        return f"{base_url.rstrip('/')}/{key}" if base_url else key

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


def _style(asset: Asset) -> str:
    """Return what shows until the image is there: behind it, so nothing behind transparency."""
    if asset.placeholder is None or asset.probe.has_alpha:
        return ""
    shown = data_uri(asset.placeholder.thumbhash)
    return f"background: {asset.placeholder.color} url({shown}) center / cover no-repeat"


def _tag(name: str, **attributes: str) -> str:
    written = (
        f'{attribute}="{escape(value)}"'
        for attribute, value in attributes.items()
        if value or attribute == "alt"
    )
    return f"<{name} {' '.join(written)}>"
