"""A catalog in memory, with the fence of `lib/adapters/aws/dynamodb_catalog.py`."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from threading import Lock

from lib.adapters.local.memory_fence import (
    Entry,
    is_as_seen,
    is_recorded,
    received,
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
    History,
    Outcome,
)
from lib.domain.clock import Clock, to_iso, to_ms
from lib.domain.errors import Failure
from lib.domain.events import UploadEvent
from lib.domain.keys import asset_id, folder_of, pad_sequencer
from lib.domain.media import Probe


class MemoryCatalog:
    """Entries live as long as the object; safe to share between threads."""

    def __init__(self, clock: Clock = time.time) -> None:
        self._clock = clock
        self._entries: dict[str, Entry] = {}
        self._lock = Lock()

    def receive(self, event: UploadEvent, *, after: str | None = None) -> Asset | None:
        """Record an upload as RECEIVED; what is live stays. See `lib.domain.ports.Catalog`."""
        with self._lock:
            return self._record(event, after, self._describe(event, AssetStatus.RECEIVED))

    def reject(
        self, event: UploadEvent, failure: Failure, *, after: str | None = None
    ) -> Asset | None:
        """Record an unsupported upload as REJECTED; what is live stays."""
        with self._lock:
            rejected = self._describe(event, AssetStatus.REJECTED)
            return self._record(event, after, replace(rejected, error=failure))

    def remove(self, event: UploadEvent, *, after: str | None = None) -> Asset | None:
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
            return self._record(event, after, tombstone)

    def claim(
        self,
        event: UploadEvent,
        *,
        lease_seconds: float,
        token: str | None = None,
        resumes: str | None = None,
    ) -> Claim:
        """Take the lease on a recorded upload."""
        with self._lock:
            entry, now = self._entries.get(_id(event)), self._clock()
            if entry is None or entry.asset.sequencer != pad_sequencer(event.sequencer):
                return Claim(ClaimState.STALE)
            if refusal := why_not_claimed(entry.asset, now, resumes):
                return refusal
            token = token or uuid.uuid4().hex
            asset = taken(entry.asset, token, to_iso(now + lease_seconds), now, resumes)
            self._put(replace(entry, asset=asset))
            return Claim(
                ClaimState.CLAIMED, token, asset.attempts, asset.abandoned, history=asset.history
            )

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
            unfinished = asset.status in (AssetStatus.RECEIVED, AssetStatus.PROCESSING)
            if not unfinished or not (untaken or asset.lease_token == execution):
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
            self._put(replace(entry, asset=asset))
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
            history = asset.history if outcome.history is None else outcome.history
            asset = replace(asset, processed_ms=outcome.processed_ms, history=history)
            ended = without_lease(asset, outcome.status, outcome.error)
            return replace(entry, asset=ended, committed_by=lease_token)

        return self._change_held(event, lease_token, change)

    def release(
        self, event: UploadEvent, lease_token: str, failure: Failure, history: History | None = None
    ) -> CommitState:
        """Give the lease back, with the reason; the upload is claimable at once."""

        def change(entry: Entry) -> Entry:
            released = without_lease(entry.asset, AssetStatus.RECEIVED, failure)
            kept = released.history if history is None else history
            return replace(entry, asset=replace(released, history=kept))

        return self._change_held(event, lease_token, change)

    def reopen(self, asset: Asset) -> bool:
        """Let an entry be worked on again, under the same recording; what is live stays."""
        with self._lock:
            entry = self._entries.get(asset.asset_id)
            if entry is None or not is_as_seen(entry.asset, asset):
                return False
            reopened = replace(entry.asset, updated_at=to_iso(self._clock()))
            if asset.status.terminal:
                reopened = replace(
                    without_lease(reopened, AssetStatus.RECEIVED, None),
                    abandoned=0,
                    history=replace(asset.history, failed=0),
                )
            self._put(replace(entry, asset=reopened))
            return True

    def index(self, asset: Asset) -> bool:
        """Put an entry into its folder's list, where the release that wrote it knew of none."""
        with self._lock:
            entry = self._entries.get(asset.asset_id)
            folder = folder_of(asset.source.key)
            if entry is None or folder is None or not is_as_seen(entry.asset, asset):
                return False
            indexed = replace(entry.asset, folder=folder)
            self._entries[asset.asset_id] = replace(entry, asset=indexed)
            return True

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
                self._put(replace(changed, asset=asset))
            return CommitState.COMMITTED

    def _describe(self, event: UploadEvent, status: AssetStatus) -> Asset:
        return received(self._entries.get(_id(event)), event, status, self._clock())

    def _record(self, event: UploadEvent, after: str | None, asset: Asset) -> Asset | None:
        entry = self._entries.get(_id(event))
        if entry and is_recorded(entry.asset, asset):
            return None
        if entry and entry.asset.sequencer != after:
            return entry.asset
        committed_by = entry.committed_by if entry else None
        self._put(Entry(asset, committed_by))
        return None

    def _put(self, entry: Entry) -> None:
        """Keep an entry as it is now, in its next revision."""
        key = entry.asset.asset_id
        before = self._entries.get(key)
        revision = (before and before.asset.revision) or to_ms(self._clock())
        folder = folder_of(entry.asset.source.key)
        asset = replace(entry.asset, revision=revision + 1, folder=folder)
        self._entries[key] = replace(entry, asset=asset)


def _id(event: UploadEvent) -> str:
    return asset_id(event.source.bucket, event.source.key)
