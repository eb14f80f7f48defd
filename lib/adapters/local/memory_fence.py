"""What the fence answers, and what an entry becomes: pure, for the catalog in memory."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lib.domain.asset import (
    OTHER_RELEASE_SECONDS,
    Asset,
    AssetStatus,
    Claim,
    ClaimState,
    CommitState,
    History,
)
from lib.domain.clock import from_iso, to_iso
from lib.domain.errors import Failure
from lib.domain.events import UploadEvent
from lib.domain.keys import asset_id, pad_sequencer
from lib.domain.leases import is_resumed


@dataclass(frozen=True, slots=True)
class Entry:
    """An asset, and what DynamoDB keeps beside it."""

    asset: Asset
    committed_by: str | None = None


def received(entry: Entry | None, event: UploadEvent, status: AssetStatus, now: float) -> Asset:
    """Return the asset as a new event makes it: without work done, with what is live."""
    source, sequencer = event.source, pad_sequencer(event.sequencer)
    key, moment = asset_id(source.bucket, source.key), to_iso(now)
    known = entry.asset if entry else Asset(key, source, sequencer, status, moment, moment)
    return replace(
        known,
        source=source,
        sequencer=sequencer,
        status=status,
        updated_at=moment,
        media_type=event.media_type,
        mime=event.mime,
        attempts=0,
        abandoned=0,
        lease_token=None,
        lease_expires_at=None,
        execution=None,
        estimate_ms=None,
        progress=None,
        error=None,
        processed_ms=None,
        expires_at=None,
        history=History(),
        sequencer_length=len(event.sequencer),
    )


def is_recorded(asset: Asset, written: Asset) -> bool:
    """Tell whether a recording was written by an earlier try of the same."""

    def names(of: Asset) -> tuple[str, ...]:
        return of.sequencer, of.source.version_id, of.source.etag, of.status

    return names(asset) == names(written)


def why_not_claimed(asset: Asset, now: float, resumes: str | None) -> Claim | None:
    """Answer a worker that may not have an upload: HANDED_OVER, BUSY or DONE; else None."""
    if not asset.status.known:
        return Claim(ClaimState.BUSY, attempts=asset.attempts, busy_for=OTHER_RELEASE_SECONDS)
    working = asset.status is AssetStatus.PROCESSING
    if working and is_resumed(asset.lease_token, resumes):
        return None
    if working and asset.lease_expires_at is not None and asset.lease_expires_at > to_iso(now):
        if asset.lease_token == asset.execution:
            return Claim(ClaimState.HANDED_OVER, attempts=asset.attempts)
        busy_for = from_iso(asset.lease_expires_at) - now
        return Claim(ClaimState.BUSY, attempts=asset.attempts, busy_for=busy_for)
    failed = asset.status is AssetStatus.FAILED and asset.error is not None
    retryable = failed and asset.error is not None and not asset.error.permanent
    if asset.status.terminal and not retryable:
        return Claim(ClaimState.DONE, attempts=asset.attempts)
    return None


def taken(asset: Asset, token: str, until: str, now: float, resumes: str | None) -> Asset:
    """Return an asset whose lease is a new worker's; a worker whose lease ran out is counted."""
    working = asset.status is AssetStatus.PROCESSING
    resumed = asset.lease_token == asset.execution or is_resumed(asset.lease_token, resumes)
    killed = working and not resumed
    return replace(
        asset,
        abandoned=asset.abandoned + killed,
        status=AssetStatus.PROCESSING,
        lease_token=token,
        lease_expires_at=until,
        attempts=asset.attempts + 1,
        updated_at=to_iso(now),
    )


def without_lease(asset: Asset, status: AssetStatus, error: Failure | None) -> Asset:
    """Return an entry that nobody works on any more."""
    return replace(
        asset,
        status=status,
        error=error,
        lease_token=None,
        lease_expires_at=None,
        progress=None,
    )


def why_not_held(entry: Entry, event: UploadEvent, lease_token: str) -> CommitState | None:
    """Tell why a worker may not write; None where it holds the lease."""
    if entry.committed_by == lease_token:
        return CommitState.COMMITTED
    if entry.asset.sequencer != pad_sequencer(event.sequencer):
        return CommitState.SUPERSEDED
    working = entry.asset.status is AssetStatus.PROCESSING
    held = working and entry.asset.lease_token == lease_token
    return None if held else CommitState.LEASE_LOST


def is_as_seen(asset: Asset, seen: Asset) -> bool:
    """Tell whether an entry is of the recording, and in the state, that somebody saw."""
    return (asset.sequencer, asset.status, asset.updated_at) == (
        seen.sequencer,
        seen.status,
        seen.updated_at,
    )
