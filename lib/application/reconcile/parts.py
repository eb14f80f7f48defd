"""What live renditions consist of besides themselves: the catalog does not list it, they do."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lib.domain.asset import Asset
from lib.domain.ports import Renditions
from lib.domain.renditions import Rendition, RenditionKind

PLAYLIST = "application/vnd.apple.mpegurl"
NAMED_BY_TAG = re.compile(r'^#EXT-X-(?:MAP|MEDIA):.*URI="([^"]+)"', re.MULTILINE)
NAMED_BY_LINE = re.compile(r"^([^#\s].*)$", re.MULTILINE)
"""RFC 8216, section 4.1: a line that is neither blank nor begins with #."""

SHEET = re.compile(r"^(\S+)#xywh=", re.MULTILINE)


def parts_of(asset: Asset | None, renditions: Renditions) -> tuple[str, ...]:
    """Return the keys of segments, playlists and sheets that live renditions name: a GET for each.

    None of a rendition that is not there. Raises TransientError.
    """
    if asset is None or not asset.status.terminal or asset.manifest_key is None:
        return ()
    found = (key for each in asset.renditions for key in _named_by(each, renditions))
    return tuple(dict.fromkeys(found))


def _named_by(rendition: Rendition, renditions: Renditions) -> Iterator[str]:
    if rendition.key is None or not _names_others(rendition):
        return
    content = renditions.fetch(rendition.key)
    if content is None:
        return
    text = content.decode(errors="replace")
    is_playlist = rendition.mime == PLAYLIST
    for pattern in (NAMED_BY_TAG, NAMED_BY_LINE) if is_playlist else (SHEET,):
        for name in pattern.findall(text):
            yield f"{rendition.key.rpartition('/')[0]}/{name}"


def _names_others(rendition: Rendition) -> bool:
    return rendition.mime == PLAYLIST or rendition.kind is RenditionKind.STORYBOARD
