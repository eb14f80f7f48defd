"""List assets, the last changed first, some at a time."""

from __future__ import annotations

import base64
import binascii
import hashlib
import heapq
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TypeAlias

from lib.application.doors.ports import AssetIndex
from lib.application.doors.refusals import invalid
from lib.domain.asset import Asset, AssetStatus
from lib.domain.caller import Caller
from lib.domain.keys import folder_of
from lib.domain.media import MediaType

DEFAULT_PAGE, LONGEST_PAGE = 50, 100

MOST_LOOKED_AT = 500
"""Entries that one page is chosen from: a search that finds little goes on with the next."""

LISTED = tuple(each for each in AssetStatus if each is not AssetStatus.DELETED)

Place: TypeAlias = tuple[str, str]
"""Of an entry among all: `updated_at` and its id. No two have the same."""

_CURSOR = re.compile(
    r"([0-9a-f]{16})\|(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)\|([0-9a-f]{32})", re.ASCII
)


@dataclass(frozen=True, slots=True)
class AssetQuery:
    """Which assets are asked for: of any status but DELETED, where none is named.

    `prefix` follows the caller's own; `text` is looked for in the key behind that, in any case.
    """

    status: AssetStatus | None = None
    prefix: str = ""
    media_type: MediaType | None = None
    text: str = ""
    cursor: str | None = None
    limit: int = DEFAULT_PAGE

    def takes(self, asset: Asset, caller: Caller) -> bool:
        """Tell whether an asset is asked for, and the caller's to see."""
        key = asset.source.key
        if not caller.owns(key) or not key.startswith(caller.prefix + self.prefix):
            return False
        if self.media_type is not None and asset.media_type is not self.media_type:
            return False
        if self.text and self.text.casefold() not in key[len(caller.prefix) :].casefold():
            return False
        if self.status is None:
            return asset.status is not AssetStatus.DELETED
        return asset.status is self.status

    def chooses(self, caller: Caller) -> bool:
        """Tell whether many entries may be passed over: what no index leaves out."""
        prefix = caller.prefix + self.prefix
        folder = folder_of(prefix)
        whole = prefix == f"{folder}/" if folder else not prefix
        by_status = folder is None or self.status is None
        return not whole or not by_status or bool(self.text or self.media_type)

    def digest(self, caller: Caller, bucket: str) -> str:
        """Return 16 hex digits that other queries, callers and stages do not share."""
        asked = (bucket, caller.tenant, self.status, self.prefix, self.media_type, self.text)
        return hashlib.sha256(repr(asked).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class AssetPage:
    """Some assets; `cursor` asks for the next, None where there are none.

    There may be fewer than were asked for, or none, and more behind them.
    """

    assets: tuple[Asset, ...]
    cursor: str | None = None


def list_assets(query: AssetQuery, caller: Caller, index: AssetIndex, bucket: str) -> AssetPage:
    """Return a page of a caller's assets.

    What changes meanwhile moves to the start; what does not is on exactly one page. Raises Refused
    for a cursor of another query, and TransientError.
    """
    digest = query.digest(caller, bucket)
    after = None if query.cursor is None else _read_cursor(query.cursor, digest)
    found: dict[str, Asset] = {}
    last, looked = after, 0
    for asset in _newest_first(query, caller, index, after):
        place = (asset.updated_at, asset.asset_id)
        if after is not None and place >= after:
            continue
        if last is not None and (len(found) == query.limit or looked == MOST_LOOKED_AT):
            return AssetPage(tuple(found.values()), _write_cursor(digest, last))
        looked, last = looked + 1, place
        # An entry whose status changes now may be in two of the index's partitions.
        if query.takes(asset, caller) and asset.asset_id not in found:
            found[asset.asset_id] = asset
    return AssetPage(tuple(found.values()))


def _newest_first(
    query: AssetQuery, caller: Caller, index: AssetIndex, after: Place | None
) -> Iterator[Asset]:
    """Iterate over all that may be asked for, in the order of places."""
    until = after[0] if after else None
    folder = folder_of(caller.prefix + query.prefix)
    # One more says whether there are more, and another whether that is all of its millisecond.
    size = LONGEST_PAGE if query.chooses(caller) else query.limit + 2
    if folder is not None:
        return _in_order(index.of_folder(folder, until=until, page_size=size))
    statuses = LISTED if query.status is None else (query.status,)
    size = -(-size // min(len(statuses), 3))  # most are of one status, but nobody knows which
    return heapq.merge(
        *(_in_order(index.of_status(each, until=until, page_size=size)) for each in statuses),
        key=lambda asset: (asset.updated_at, asset.asset_id),
        reverse=True,
    )


def _in_order(assets: Iterable[Asset]) -> Iterator[Asset]:
    """Put those that changed in the same millisecond in order: the index has them in any."""
    for _, same in groupby(assets, key=lambda asset: asset.updated_at):
        yield from sorted(same, key=lambda asset: asset.asset_id, reverse=True)


def _write_cursor(digest: str, place: Place) -> str:
    return base64.urlsafe_b64encode("|".join((digest, *place)).encode()).decode().rstrip("=")


def _read_cursor(cursor: str, digest: str) -> Place:
    """Return where a page ended. Raises Refused for what is none, or of another query."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        text = base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii")
    except (UnicodeError, binascii.Error):
        text = ""
    read = _CURSOR.fullmatch(text)
    if read is None or read[1] != digest:
        raise invalid("expected the cursor of an earlier page of the same query")
    return read[2], read[3]
