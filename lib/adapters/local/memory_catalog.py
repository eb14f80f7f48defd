"""A catalog in memory, with the fence of `lib/adapters/aws/dynamodb_catalog.py`."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from threading import Lock

from lib.domain.asset import Asset, AssetStatus, Claim, ClaimState, CommitState, Outcome
from lib.domain.clock import Clock, from_iso, to_iso
from lib.domain.errors import Failure
from lib.domain.events import Action, UploadEvent
from lib.domain.keys import asset_id, pad_sequencer
from lib.domain.media import Probe

TOMBSTONE_SECONDS = 30 * 24 * 60 * 60
"""As in DynamoDB, though nothing expires here."""


@dataclass(frozen=True, slots=True)
class _Entry:
    asset: Asset
    sequencer_length: int
    committed_by: str | None = None


class MemoryCatalog:
    """Entries live as long as the object; safe to share between threads."""

    def __init__(self, clock: Clock = time.time) -> None:
        self._clock = clock
        self._entries: dict[str, _Entry] = {}
        self._lock = Lock()

    def receive(self, event: UploadEvent, *, over: str | None = None) -> Claim:
        """Record an upload as RECEIVED; what is live stays. See `lib.domain.ports.Catalog`."""
        with self._lock:
            return self._record(event, over, self._describe(event, AssetStatus.RECEIVED))

    def reject(self, event: UploadEvent, failure: Failure, *, over: str | None = None) -> Claim:
        """Record an unsupported upload as REJECTED; what is live stays."""
        with self._lock:
            rejected = self._describe(event, AssetStatus.REJECTED)
            return self._record(event, over, replace(rejected, error=failure))

    def remove(self, event: UploadEvent, *, over: str | None = None) -> Claim:
        """Record a removal as a DELETED tombstone."""
        with self._lock:
            tombstone = replace(
                self._describe(event, AssetStatus.DELETED),
                expires_at=int(self._clock()) + TOMBSTONE_SECONDS,
                preset=None,
                recipe=None,
                probe=Probe(),
                placeholder=None,
                renditions=(),
                manifest_key=None,
                live_version_id=None,
            )
            return self._record(event, over, tombstone)

    def confirm(self, event: UploadEvent) -> bool:
        """Note that an event leaves the stored upload what is current."""
        with self._lock:
            entry, sequencer = self._entries.get(_id(event)), pad_sequencer(event.sequencer)
            if entry is None:
                return False
            asset = entry.asset
            length, same = len(event.sequencer), _same_version(asset, event)
            comparable = entry.sequencer_length == length and _newest(asset) < sequencer
            if same and (comparable or entry.sequencer_length < length):
                asset = replace(asset, confirmed=sequencer, updated_at=to_iso(self._clock()))
                self._entries[_id(event)] = replace(entry, asset=asset, sequencer_length=length)
            return asset.confirmed == sequencer or (same and entry.sequencer_length > length)

    def claim(self, event: UploadEvent, *, lease_seconds: float, over: str | None = None) -> Claim:
        """Take the lease on an upload, and record the upload first where that is still to do."""
        with self._lock:
            received = self._record(event, over, self._describe(event, AssetStatus.RECEIVED))
            if received.state not in (ClaimState.CLAIMED, ClaimState.DONE):
                return received
            return self._take(event, lease_seconds)

    def transfer_lease(
        self,
        event: UploadEvent,
        execution: str,
        *,
        lease_seconds: float,
        estimate_ms: int | None = None,
    ) -> bool:
        """Give an unfinished upload's lease, whoever has it, to an execution."""
        with self._lock:
            entry = self._entries.get(_id(event))
            if entry is None or entry.asset.sequencer != pad_sequencer(event.sequencer):
                return False
            asset, now = entry.asset, self._clock()
            had = asset.execution or ""
            untaken = (len(had), had) < (len(execution), execution)
            if asset.status.terminal or not (untaken or asset.lease_token == execution):
                return False
            asset = replace(
                asset,
                status=AssetStatus.PROCESSING,
                lease_token=execution,
                lease_expires_at=to_iso(now + lease_seconds),
                execution=execution,
                estimate_ms=asset.estimate_ms if estimate_ms is None else estimate_ms,
                updated_at=to_iso(now),
            )
            self._entries[_id(event)] = replace(entry, asset=asset)
            return True

    def progress(self, event: UploadEvent, lease_token: str, percent: int) -> CommitState:
        """Note how far the work is, where the lease is held; never backwards."""
        with self._lock:
            entry = self._entries.get(_id(event))
            state = _held(entry, event, lease_token)
            if entry is None or state is not None:
                return state or CommitState.SUPERSEDED
            if entry.asset.progress is None or entry.asset.progress < percent:
                now = to_iso(self._clock())
                asset = replace(entry.asset, progress=percent, updated_at=now)
                self._entries[_id(event)] = replace(entry, asset=asset)
            return CommitState.COMMITTED

    def commit(self, event: UploadEvent, lease_token: str, outcome: Outcome) -> CommitState:
        """Write an outcome where the lease is held; FAILED and REJECTED leave what is live."""
        with self._lock:
            entry = self._entries.get(_id(event))
            state = _held(entry, event, lease_token)
            if entry is None or state is not None:
                return state or CommitState.SUPERSEDED
            asset = entry.asset
            if outcome.status in (AssetStatus.READY, AssetStatus.PARTIAL):
                asset = replace(
                    asset,
                    probe=outcome.probe,
                    placeholder=outcome.placeholder,
                    preset=outcome.preset,
                    recipe=outcome.recipe,
                    renditions=outcome.renditions,
                    manifest_key=outcome.manifest_key,
                    live_version_id=event.source.version_id,
                )
            asset = replace(
                asset,
                status=outcome.status,
                error=outcome.error,
                processed_ms=outcome.processed_ms,
                lease_token=None,
                lease_expires_at=None,
                progress=None,
                updated_at=to_iso(self._clock()),
            )
            self._entries[_id(event)] = replace(entry, asset=asset, committed_by=lease_token)
            return CommitState.COMMITTED

    def release(self, event: UploadEvent, lease_token: str, failure: Failure) -> CommitState:
        """Give the lease back, with the reason; the upload is claimable at once."""
        with self._lock:
            entry = self._entries.get(_id(event))
            state = _held(entry, event, lease_token)
            if entry is None or state is not None:
                return state or CommitState.SUPERSEDED
            asset = replace(
                entry.asset,
                status=AssetStatus.RECEIVED,
                error=failure,
                lease_token=None,
                lease_expires_at=None,
                progress=None,
                updated_at=to_iso(self._clock()),
            )
            self._entries[_id(event)] = replace(entry, asset=asset)
            return CommitState.COMMITTED

    def get(self, asset_id: str) -> Asset | None:
        """Return one entry."""
        entry = self._entries.get(asset_id)
        return entry.asset if entry else None

    def by_status(self, status: AssetStatus, *, newest_first: bool = True) -> Iterator[Asset]:
        """Iterate over the entries of one status by `updated_at`."""
        with self._lock:
            assets = [entry.asset for entry in self._entries.values()]
        found = (asset for asset in assets if asset.status is status)
        return iter(sorted(found, key=lambda asset: asset.updated_at, reverse=newest_first))

    def _describe(self, event: UploadEvent, status: AssetStatus) -> Asset:
        """Return the entry as a new event makes it: without work done, with what is live."""
        now = to_iso(self._clock())
        entry = self._entries.get(_id(event))
        sequencer = pad_sequencer(event.sequencer)
        known = (
            entry.asset if entry else Asset(_id(event), event.source, sequencer, status, now, now)
        )
        return replace(
            known,
            source=event.source,
            sequencer=sequencer,
            status=status,
            updated_at=now,
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
            confirmed=None,
        )

    def _record(self, event: UploadEvent, over: str | None, asset: Asset) -> Claim:
        entry = self._entries.get(_id(event))
        if entry is not None:
            stored = _newest(entry.asset)
            comparable = entry.sequencer_length == len(event.sequencer)
            if entry.asset.sequencer == asset.sequencer:
                return Claim(ClaimState.DONE, attempts=entry.asset.attempts)
            if stored != over and not comparable:
                if _same_version(entry.asset, event):
                    return Claim(ClaimState.STALE)
                return Claim(ClaimState.UNORDERED, stored_sequencer=stored)
            if stored != over and stored >= asset.sequencer:
                return Claim(ClaimState.STALE)
        committed_by = entry.committed_by if entry else None
        self._entries[_id(event)] = _Entry(asset, len(event.sequencer), committed_by)
        return Claim(ClaimState.CLAIMED)

    def _take(self, event: UploadEvent, lease_seconds: float) -> Claim:
        entry = self._entries[_id(event)]
        asset, now = entry.asset, self._clock()
        working = asset.status is AssetStatus.PROCESSING
        if working and asset.lease_expires_at is not None and asset.lease_expires_at > to_iso(now):
            if asset.lease_token == asset.execution:
                return Claim(ClaimState.HANDED_OVER, attempts=asset.attempts)
            busy_for = from_iso(asset.lease_expires_at) - now
            return Claim(ClaimState.BUSY, attempts=asset.attempts, busy_for=busy_for)
        failed = asset.status is AssetStatus.FAILED and asset.error is not None
        retryable = failed and asset.error is not None and not asset.error.permanent
        if asset.status.terminal and not retryable:
            return Claim(ClaimState.DONE, attempts=asset.attempts)
        killed = working and asset.lease_token != asset.execution
        taken = replace(
            asset,
            abandoned=asset.abandoned + killed,
            status=AssetStatus.PROCESSING,
            lease_token=uuid.uuid4().hex,
            lease_expires_at=to_iso(now + lease_seconds),
            attempts=asset.attempts + 1,
            updated_at=to_iso(now),
        )
        self._entries[_id(event)] = replace(entry, asset=taken)
        return Claim(ClaimState.CLAIMED, taken.lease_token, taken.attempts, taken.abandoned)


def _id(event: UploadEvent) -> str:
    return asset_id(event.source.bucket, event.source.key)


def _newest(asset: Asset) -> str:
    """Return the sequencer of the newest event that is known."""
    return asset.confirmed or asset.sequencer


def _same_version(asset: Asset, event: UploadEvent) -> bool:
    """Tell whether an upload is of the version that is stored, by another event of it."""
    if event.action is Action.REMOVED or asset.status is AssetStatus.DELETED:
        return False
    stored, source = asset.source, event.source
    return (stored.version_id, stored.etag) == (source.version_id, source.etag)


def _held(entry: _Entry | None, event: UploadEvent, lease_token: str) -> CommitState | None:
    """Tell why a worker may not write; None where it holds the lease."""
    if entry is not None and entry.committed_by == lease_token:
        return CommitState.COMMITTED
    if entry is None or entry.asset.sequencer != pad_sequencer(event.sequencer):
        return CommitState.SUPERSEDED
    return None if entry.asset.lease_token == lease_token else CommitState.LEASE_LOST
