"""Have an asset made again, by the preset that it asked for or by another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lib.application.doors.assets import Library, find_asset
from lib.application.doors.refusals import RefusalCode, Refused
from lib.application.make_again import make_again
from lib.domain.asset import Asset
from lib.domain.caller import Caller
from lib.domain.clock import to_iso
from lib.domain.errors import MediaError
from lib.domain.events import Action, Current, UploadEvent

if TYPE_CHECKING:
    from lib.presets import Presets

LARGEST_COPY = 512 * 1024**2
"""Bytes that S3 copies while a caller waits. It takes 5 GiB in a request, but answers at the end:
https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
"""


def retry_asset(identity: str, caller: Caller, library: Library) -> Asset:
    """Have a finished asset made again from its upload, and return it as it is now.

    What is live stays until then. Who retries what another has just retried gets the same outcome,
    or is refused. Raises Refused, and TransientError.
    """
    _again(_finished(identity, caller, library), library)
    return find_asset(identity, caller, library)


def retry_with_preset(
    identity: str, preset: str, caller: Caller, library: Library, presets: Presets
) -> Asset:
    """Have a finished asset made again by a preset, and return it as it is now.

    What an upload asks for lies beside it in S3, so that another preset makes it a new version.
    Raises Refused, and MediaError: UNKNOWN_PRESET, as its job would, or SOURCE_GONE.
    """
    presets.named(preset)
    asset = _finished(identity, caller, library)
    current = library.sources.find_current(asset.source.bucket, asset.source.key, 1)
    if current is None:
        raise Refused(RefusalCode.GONE, "the asset's upload is not there any more")
    if preset in (current.preset, _made_by(asset, current)):
        _again(asset, library)
    else:
        _with_preset(asset, preset, current, library)
    return find_asset(identity, caller, library)


def _finished(identity: str, caller: Caller, library: Library) -> Asset:
    asset = find_asset(identity, caller, library)
    if not asset.status.terminal:
        raise _under_way(asset)
    return asset


def _made_by(asset: Asset, current: Current) -> str | None:
    """Return the preset of what is live, where that is of the current upload."""
    return asset.preset if asset.live_version_id == current.source.version_id else None


def _again(asset: Asset, library: Library) -> None:
    if make_again(asset, library):
        return
    found = library.catalog.get(asset.asset_id) or asset
    if not found.status.terminal:
        raise _under_way(found)
    reason = f": {found.error.message}" if found.error else ""
    raise Refused(RefusalCode.CONFLICT, f"nothing can be made of the upload{reason}")


def _with_preset(asset: Asset, preset: str, current: Current, library: Library) -> None:
    """Upload what is current once more. The entry is reopened first: of several, one gets that."""
    if current.source.size > LARGEST_COPY:
        most = f"{LARGEST_COPY // 1024**2} MiB"
        raise Refused(
            RefusalCode.CONFLICT, f"expected at most {most} to change the preset of: upload it anew"
        )
    if not library.catalog.reopen(asset):
        raise _under_way(library.catalog.get(asset.asset_id) or asset)
    try:
        library.originals.ask_for_preset(current.source, preset)
    except (MediaError, Refused):
        # It waits for an upload that does not come: it comes to its end by the old preset.
        library.topic.publish([_event_of(asset, current, library.clock())])
        raise


def _event_of(asset: Asset, current: Current, now: float) -> UploadEvent:
    return UploadEvent(
        Action.CREATED,
        asset.source,
        asset.sequencer[: asset.sequencer_length],
        asset.media_type,
        asset.mime,
        received_at=to_iso(now),
        preset=current.preset,
    )


def _under_way(asset: Asset) -> Refused:
    return Refused(
        RefusalCode.CONFLICT, f"expected a finished asset to retry but it is {asset.status}"
    )
