"""Delete what no asset refers to any more, and never what is live.

`sweep` learns it from the catalog's stream, and stops what makes more of it; a worker deletes what
it wrote itself where its upload turns out not to be wanted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lib.domain.asset import Asset, AssetStatus, Change
from lib.domain.events import UploadEvent
from lib.domain.keys import (
    WORK_FOLDER,
    asset_id,
    prefix_of,
    recipe_folder,
    version_prefix,
)
from lib.domain.ports import Catalog, Executions, Renditions
from lib.domain.renditions import Rendition, RenditionKind


def sweep(changes: Sequence[Change], renditions: Renditions, executions: Executions) -> int:
    """Delete the renditions that the changes left behind; return how many there were.

    Executions that make more of them are stopped first. Every recording has a prefix of its own,
    and what is dropped is never referred to again, so that this can run late, twice or out of
    order. An entry that vanishes drops nothing: no upload's end deletes an entry, so that it was
    either a tombstone, which refers to nothing, or somebody's mistake, which must stay a small one.
    Raises TransientError.
    """
    for execution in sorted(set(_superseded_executions(changes))):
        executions.stop(execution, "a newer upload, or a removal, is known")
    dropped = {
        prefix
        for change in changes
        if change.new is not None
        for prefix in referred_prefixes(change.old) - referred_prefixes(change.new)
    }
    return sum(renditions.delete_below(prefix) for prefix in sorted(dropped))


def delete_unwanted(event: UploadEvent, renditions: Renditions, catalog: Catalog) -> None:
    """Delete what was made of an upload, all below its prefix, except what is live.

    For whoever learnt that the upload is superseded, or has come to an end: sweep may have come
    before the last of it was stored. Superseded does not mean that it is not live: its commit may
    have gone through before the newer version came, and what is live stays until the next commit.
    Nothing is deleted while the upload may still finish, or where the entry is gone.
    """
    prefix = version_prefix(event.source, event.sequencer)
    written = renditions.keys_below(prefix)
    asset = catalog.get(asset_id(event.source.bucket, event.source.key))
    if asset is None or prefix == pending_prefix(asset):
        return
    renditions.delete(key for key in written if not is_live(key, asset))


def is_live(key: str, asset: Asset | None) -> bool:
    """Tell whether a key is the live manifest, or one that it lists, or a part of such a one."""
    if asset is None or asset.manifest_key is None:
        return False
    return key == asset.manifest_key or any(_consists_of(each, key) for each in asset.renditions)


def _consists_of(rendition: Rendition, key: str) -> bool:
    """Tell whether an object is a rendition, or one of the parts that are stored with it."""
    if rendition.key is None:
        return False
    stem = rendition.key.rpartition(".")[0]
    match rendition.kind:
        case RenditionKind.RUNG:  # its playlist lies in a folder with the segments
            part = key.startswith(rendition.key.rpartition("/")[0] + "/")
        case RenditionKind.STORYBOARD:  # `storyboard.vtt` and its sheets
            part = key.startswith(f"{stem}-") and key.endswith(".jpg")
        case RenditionKind.SUBTITLES:  # `en.vtt` and its playlist
            part = key.startswith(f"{stem}/")
        case kind if not kind.known:  # another release's: all that may be a part of it
            folder = recipe_folder(rendition.key)
            part = key.startswith(folder) and not key.startswith(f"{folder}{WORK_FOLDER}/")
        case _:
            part = False
    return part or key == rendition.key


def referred_prefixes(asset: Asset | None) -> set[str]:
    """Return what must stay: the live version's prefix, and that of a version still to finish."""
    if asset is None or asset.status is AssetStatus.DELETED:
        return set()
    live = prefix_of(asset.manifest_key) if asset.manifest_key else None
    return {each for each in (live, pending_prefix(asset)) if each}


def pending_prefix(asset: Asset) -> str | None:
    """Return the prefix of the recorded upload while it may still finish, by a redrive too."""
    if asset.status is AssetStatus.FAILED:
        unfinished = asset.error is not None and not asset.error.permanent
    else:
        unfinished = not asset.status.terminal
    return version_prefix(asset.source, asset.sequencer) if unfinished else None


def _superseded_executions(changes: Iterable[Change]) -> Iterable[str]:
    """Name the executions that held an upload which is not the recorded one any more."""
    for old, new in ((each.old, each.new) for each in changes):
        superseded = old and new and new.sequencer != old.sequencer
        if old and superseded and old.execution and old.lease_token == old.execution:
            yield old.execution
