"""Find what an asset's stable address leads to: a rendition of the version that is live.

The address is the source's key, or that key and `/` and the name of a rendition. Renditions lie
under keys that never change their bytes; this is the one place that says which are current.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from lib.domain.asset import Asset, AssetStatus
from lib.domain.keys import MANIFEST_NAME, asset_id
from lib.domain.manifest import ImageSource, box_sources, image_sources, poster_sources
from lib.domain.renditions import Rendition, RenditionKind

VIDEO_NAME = "video.mp4"
"""The one plain file of a video, whatever its height is: its own name is made of that."""

DEEPEST_NAME = 2
"""Segments of a rendition's name, as of `h264-720/playlist.m3u8`."""

HLS, MP4 = "application/vnd.apple.mpegurl", "video/mp4"

RETRY_SECONDS = 2
"""After which to ask again for what is being made: most images take that long."""


class Entries(Protocol):
    """What of the catalog is read here."""

    def get(self, asset_id: str) -> Asset | None:
        """Return one entry."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of an asset is asked for; without anything the whole of it, as it is shown best."""

    width: int | None = None
    """px that a picture is to have at least, where it is made so wide."""
    box: str | None = None
    poster: bool = False
    understood: Sequence[str] = ()
    """MIME types of images that the asker takes beside the one that everybody knows."""

    @property
    def is_picture(self) -> bool:
        """Tell whether only a picture will do: of a video that is its poster."""
        return self.poster or self.box is not None or self.width is not None


class DeliveryState(StrEnum):
    """How an address was resolved."""

    FOUND = "FOUND"
    UNKNOWN = "UNKNOWN"
    """No asset has the key."""
    MISSING = "MISSING"
    """The asset has nothing of what is wanted."""
    PENDING = "PENDING"
    """Nothing is live yet, and the upload is worked on: ask again."""
    DELETED = "DELETED"


@dataclass(frozen=True, slots=True)
class Delivery:
    """The rendition's `key` where one was FOUND, else why not, in words for people."""

    state: DeliveryState
    key: str = ""
    detail: str = ""
    retry_seconds: int | None = None


def deliver(path: str, wanted: Wanted, catalog: Entries, bucket: str) -> Delivery:
    """Resolve an address: `<key>` or `<key>/<name>` of what was uploaded to a bucket.

    The whole path counts as a key before its end counts as a name. So whoever uploads `a/hls.m3u8`
    beside `a` has an address of its own, and each address always means the same.
    """
    for key, name in _readings(path):
        asset = catalog.get(asset_id(bucket, key))
        if asset is not None:
            return _deliver_asset(asset, name, wanted)
    return Delivery(DeliveryState.UNKNOWN, detail=f"no upload has the key {path}")


def _readings(path: str) -> Iterator[tuple[str, str]]:
    """Yield how a path may be read: a key, and what of it; an empty name is the asset itself."""
    segments = path.split("/")
    for depth in range(min(DEEPEST_NAME + 1, len(segments))):
        end = len(segments) - depth
        key, name = "/".join(segments[:end]), "/".join(segments[end:])
        # `a/` is another key than `a`, and no rendition has a name without letters.
        if key and all(segments[end:]):
            yield key, name


def _deliver_asset(asset: Asset, name: str, wanted: Wanted) -> Delivery:
    if asset.status is AssetStatus.DELETED:
        return Delivery(DeliveryState.DELETED, detail=f"{asset.source.key} was removed")
    live = [each for each in asset.renditions if each.key]
    if not live:
        return _nothing_live(asset)
    key = _named(asset, live, name) if name else choose(live, wanted)
    if key is None:
        return Delivery(
            DeliveryState.MISSING, detail=f"{asset.source.key} has no {name or _words(wanted)}"
        )
    return Delivery(DeliveryState.FOUND, key)


def _nothing_live(asset: Asset) -> Delivery:
    if asset.status.terminal:
        detail = f"nothing could be made of {asset.source.key}"
        return Delivery(DeliveryState.MISSING, detail=detail)
    detail = f"{asset.source.key} is being worked on"
    return Delivery(DeliveryState.PENDING, detail=detail, retry_seconds=RETRY_SECONDS)


def _named(asset: Asset, live: Sequence[Rendition], name: str) -> str | None:
    if name == MANIFEST_NAME:
        return asset.manifest_key
    by_name = {each.name: each.key for each in live}
    if name == VIDEO_NAME and name not in by_name:
        return _first(live, RenditionKind.VIDEO, MP4)
    return by_name.get(name)


def choose(live: Sequence[Rendition], wanted: Wanted) -> str | None:
    """Return the key of what of an asset's live renditions is wanted, None where there is none."""
    kinds = {each.kind for each in live}
    if RenditionKind.IMAGE in kinds:
        box = wanted.box
        sources = image_sources(live) if box is None else box_sources(live, box)
        return _picture(sources, wanted)
    if wanted.is_picture:
        return _picture(poster_sources(live), wanted)
    # A plain file plays wherever there is a <video>; a stream where a player knows HLS.
    return (
        _first(live, RenditionKind.VIDEO, MP4)
        or _first(live, RenditionKind.STREAM, HLS)
        or _first(live, RenditionKind.AUDIO)
    )


def _picture(sources: Sequence[ImageSource], wanted: Wanted) -> str | None:
    """Return the best format that is understood, in the next width up, else its widest."""
    if not sources:
        return None
    *better, known_to_all = sources
    source = next((each for each in better if each.mime in wanted.understood), known_to_all)
    wide_enough = (each for each in source.renditions if (each.width or 0) >= (wanted.width or 0))
    chosen = source.widest if wanted.width is None else next(wide_enough, source.widest)
    return chosen.key


def _first(live: Sequence[Rendition], kind: RenditionKind, mime: str | None = None) -> str | None:
    return next(
        (each.key for each in live if each.kind is kind and mime in (None, each.mime)), None
    )


def _words(wanted: Wanted) -> str:
    if wanted.box is not None:
        return f"box {wanted.box}"
    return "picture" if wanted.is_picture else "rendition that a page could show"
