"""Delete what an upload that is not wanted any more has left, and never what is live."""

from __future__ import annotations

from collections.abc import Iterable

from lib.domain.asset import Asset
from lib.domain.events import UploadEvent
from lib.domain.keys import MANIFEST_NAME, WORK_FOLDER, asset_id, version_prefix
from lib.domain.ports import Catalog, Renditions


def clear(
    event: UploadEvent,
    renditions: Renditions,
    catalog: Catalog,
    written: Iterable[str] | None = None,
) -> None:
    """Delete what was made of an upload, except what is live: `written`, or all below its prefix.

    For whoever was told that the upload is superseded, or has failed for good: sweep may have come
    before the last of it was stored. Superseded does not mean that it is not live: its commit may
    have gone through before the newer event came, and what is live stays until the next commit.

    It is enough to look once. An upload that is superseded, or has failed for good, is never
    committed again, so that what is not live now will not be.
    """
    if written is None:
        written = renditions.keys_below(version_prefix(event.source, event.sequencer))
    asset = catalog.get(asset_id(event.source.bucket, event.source.key))
    renditions.delete(key for key in written if not is_live(key, asset))


def is_live(key: str, asset: Asset | None) -> bool:
    """Tell whether a key lies where the live manifest does; work files are never live."""
    if asset is None or asset.manifest_key is None:
        return False
    folder = asset.manifest_key.removesuffix(MANIFEST_NAME)
    return key.startswith(folder) and not key.startswith(f"{folder}{WORK_FOLDER}/")
