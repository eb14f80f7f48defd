"""A catalog in memory, with the fence of `lib/adapters/aws/dynamodb_catalog.py`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from threading import Lock

from lib.adapters.local.memory_fence import (
    Entry,
    compare,
    newest,
    received,
    same_version,
    taken,
    why_not_claimed,
    why_not_held,
    without_lease,
)
from lib.domain.asset import (
    TOMBSTONE_SECONDS,
    Asset,
    AssetStatus,
    Claim,
    ClaimState,
    CommitState,
    Outcome,
)
from lib.domain.clock import Clock, to_iso
from lib.domain.errors import Failure
from lib.domain.events import UploadEvent
from lib.domain.keys import asset_id, pad_sequencer
from lib.domain.media import Probe


class MemoryCatalog:
    """Entries live as long as the object; safe to share between threads."""

    def __init__(self, clock: Clock = time.time) -> None:
        self._clock = clock
        self._entries: dict[str, Entry] = {}
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
            length, same = len(event.sequencer), same_version(asset, event)
            comparable = entry.sequencer_length == length and newest(asset) < sequencer
            if same and (comparable or entry.sequencer_length < length):
                asset = replace(asset, confirmed=sequencer, updated_at=to_iso(self._clock()))
                self._entries[_id(event)] = replace(entry, asset=asset, sequencer_length=length)
            return asset.confirmed == sequencer or (same and entry.sequencer_length > length)

    def claim(self, event: UploadEvent, *, lease_seconds: float, over: str | None = None) -> Claim:
        """Take the lease on an upload, and record the upload first where that is still to do."""
        with self._lock:
            recorded = self._record(event, over, self._describe(event, AssetStatus.RECEIVED))
            if recorded.state not in (ClaimState.CLAIMED, ClaimState.DONE):
                return recorded
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

        def change(entry: Entry) -> Entry:
            asset = entry.asset
            if asset.progress is not None and asset.progress >= percent:
                return entry
            return replace(entry, asset=replace(asset, progress=percent))

        return self._change_held(event, lease_token, change)

    def commit(self, event: UploadEvent, lease_token: str, outcome: Outcome) -> CommitState:
        """Write an outcome where the lease is held; FAILED and REJECTED leave what is live."""

        def change(entry: Entry) -> Entry:
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
            asset = replace(asset, processed_ms=outcome.processed_ms)
            ended = without_lease(asset, outcome.status, outcome.error)
            return replace(entry, asset=ended, committed_by=lease_token)

        return self._change_held(event, lease_token, change)

    def release(self, event: UploadEvent, lease_token: str, failure: Failure) -> CommitState:
        """Give the lease back, with the reason; the upload is claimable at once."""

        def change(entry: Entry) -> Entry:
            released = without_lease(entry.asset, AssetStatus.RECEIVED, failure)
            return replace(entry, asset=released)

        return self._change_held(event, lease_token, change)

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

    def _change_held(
        self, event: UploadEvent, lease_token: str, change: Callable[[Entry], Entry]
    ) -> CommitState:
        """Change an entry where the lease is held."""
        with self._lock:
            entry = self._entries.get(_id(event))
            if entry is None:
                return CommitState.SUPERSEDED
            if state := why_not_held(entry, event, lease_token):
                return state
            changed = change(entry)
            if changed is not entry:
                asset = replace(changed.asset, updated_at=to_iso(self._clock()))
                self._entries[_id(event)] = replace(changed, asset=asset)
            return CommitState.COMMITTED

    def _describe(self, event: UploadEvent, status: AssetStatus) -> Asset:
        return received(self._entries.get(_id(event)), event, status, self._clock())

    def _record(self, event: UploadEvent, over: str | None, asset: Asset) -> Claim:
        entry = self._entries.get(_id(event))
        claim = compare(entry, event, over)
        if claim.state is ClaimState.CLAIMED:
            committed_by = entry.committed_by if entry else None
            self._entries[_id(event)] = Entry(asset, len(event.sequencer), committed_by)
        return claim

    def _take(self, event: UploadEvent, lease_seconds: float) -> Claim:
        entry, now = self._entries[_id(event)], self._clock()
        if refusal := why_not_claimed(entry.asset, now):
            return refusal
        asset = taken(entry.asset, lease_seconds, now)
        self._entries[_id(event)] = replace(entry, asset=asset)
        return Claim(ClaimState.CLAIMED, asset.lease_token, asset.attempts, asset.abandoned)


def _id(event: UploadEvent) -> str:
    return asset_id(event.source.bucket, event.source.key)
