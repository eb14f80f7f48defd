"""What callers are told of an asset, as plain values: docs/openapi.yaml describes them."""

from __future__ import annotations

from typing import Any

from lib.application.doors.links import Links, url_of
from lib.domain.asset import Asset
from lib.domain.manifest import image_sources
from lib.domain.renditions import Placeholder, Rendition, RenditionKind
from lib.domain.serialized import failure_to_values, placeholder_to_values, rendition_to_values
from lib.domain.serialized_probe import probe_to_values
from lib.domain.thumbhash import data_uri

PREVIEW_WIDTH = 400
"""px, of the picture that stands for an asset among others: the next that is made, or less."""


def summary_to_values(asset: Asset, links: Links) -> dict[str, Any]:
    """Return what a list shows of an asset; what was read from it is of the live version."""
    probe = probe_to_values(asset.probe)
    return {
        "asset_id": asset.asset_id,
        "key": asset.source.key,
        "status": str(asset.status),
        "media_type": str(asset.media_type),
        "mime": asset.mime,
        "size": asset.source.size,
        "created_at": asset.created_at,
        "updated_at": asset.updated_at,
        "progress": asset.progress,
        "reason": _reason(asset),
        "preset": asset.preset,
        "placeholder": _placeholder(asset.placeholder),
        "preview": _preview(asset, links),
        "width": probe["width"],
        "height": probe["height"],
        "duration_ms": probe["duration_ms"],
        "has_alpha": probe["has_alpha"],
        "warnings": list(probe["warnings"]),
    }


def asset_to_values(asset: Asset, links: Links) -> dict[str, Any]:
    """Return all that a caller may know of an asset, with addresses that work."""
    from lib.application.doors import elements

    probe = probe_to_values(asset.probe)
    del probe["warnings"]
    return {
        **summary_to_values(asset, links),
        "version_id": asset.source.version_id,
        "live_version_id": asset.live_version_id,
        "probe": probe,
        "renditions": [_rendition_to_values(each, links) for each in asset.renditions],
        "manifest_url": asset.manifest_key and links.address(asset.manifest_key),
        "bytes_saved": _bytes_saved(asset),
        "picture": elements.picture(asset, links),
        "video": elements.video(asset, links),
        "html": elements.element(asset, links),
        "attempts": asset.attempts,
        "revision": asset.revision,
    }


def _rendition_to_values(rendition: Rendition, links: Links) -> dict[str, Any]:
    values = rendition_to_values(rendition)
    status = "FAILED" if rendition.key is None else "READY"
    return {
        **values,
        "kind": str(rendition.kind),
        "status": status,
        "url": url_of(rendition, links),
    }


def _reason(asset: Asset) -> dict[str, Any] | None:
    if asset.error is None:
        return None
    return {**failure_to_values(asset.error), "code": str(asset.error.code)}


def _placeholder(placeholder: Placeholder | None) -> dict[str, Any] | None:
    if placeholder is None:
        return None
    try:
        shown = data_uri(placeholder.thumbhash)
    except ValueError:  # another release may have another kind of placeholder
        return None
    return {**placeholder_to_values(placeholder), "data_uri": shown}


def _preview(asset: Asset, links: Links) -> str | None:
    """Return the address of a small picture that every browser shows: of a video, its poster."""
    sources = image_sources(asset.renditions)
    shown = list(sources[-1].renditions) if sources else _posters(asset)
    for each in shown:
        if (each.width or 0) >= PREVIEW_WIDTH:
            return url_of(each, links)
    return url_of(shown[-1], links) if shown else None


def _posters(asset: Asset) -> list[Rendition]:
    """Return the posters of the format that most browsers know, by width."""
    posters = [each for each in asset.renditions if each.kind is RenditionKind.POSTER and each.key]
    known = [each for each in posters if each.mime == "image/jpeg"] or posters
    return sorted(known, key=lambda each: each.width or 0)


def _bytes_saved(asset: Asset) -> int | None:
    """Return how much less a page loads than the upload has, where it shows it as large as it can.

    None where what is live is not of the newest upload, or has no such file.
    """
    if asset.live_version_id != asset.source.version_id:
        return None
    sources = image_sources(asset.renditions)
    whole = (RenditionKind.VIDEO, RenditionKind.AUDIO)
    files = [each for each in asset.renditions if each.kind in whole and each.key]
    loaded = sources[0].widest if sources else files[0] if files else None
    return None if loaded is None or loaded.bytes is None else asset.source.size - loaded.bytes
