"""What a write says that did not go through, from the item that made its condition fail.

`stored` is that item's plain values; `dynamodb_conditions` draws which answer comes when.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lib.domain.asset import AssetStatus, Claim, ClaimState, CommitState
from lib.domain.clock import from_iso
from lib.domain.events import Action, UploadEvent
from lib.domain.keys import pad_sequencer

Stored = Mapping[str, Any]


def why_not_recorded(stored: Stored, event: UploadEvent) -> Claim:
    """Answer an event that was not recorded: DONE, STALE or UNORDERED."""
    if stored["sequencer"] == pad_sequencer(event.sequencer):
        return Claim(ClaimState.DONE, attempts=stored["attempts"])
    if stored["sequencer_length"] == len(event.sequencer) or is_of_version(stored, event):
        return Claim(ClaimState.STALE)
    newest = stored.get("confirmed") or stored["sequencer"]
    return Claim(ClaimState.UNORDERED, stored_sequencer=newest)


def why_not_claimed(
    stored: Stored, event: UploadEvent, lease_token: str, now: float
) -> Claim | None:
    """Answer a worker whose claim was refused; None where the entry is not this upload's.

    CLAIMED where the claim did go through, and only its reply was lost.
    """
    if stored.get("sequencer") != pad_sequencer(event.sequencer):
        return None
    attempts = stored["attempts"]
    if stored.get("lease_token") == lease_token:
        return Claim(ClaimState.CLAIMED, lease_token, attempts, stored.get("abandoned", 0))
    if stored["status"] == AssetStatus.PROCESSING:
        if stored["lease_token"] == stored.get("execution"):
            return Claim(ClaimState.HANDED_OVER, attempts=attempts)
        busy_for = from_iso(stored["lease_expires_at"]) - now
        return Claim(ClaimState.BUSY, attempts=attempts, busy_for=busy_for)
    return Claim(ClaimState.DONE, attempts=attempts)


def why_not_committed(stored: Stored, sequencer: str, lease_token: str) -> CommitState:
    """Answer a worker whose lease is not the stored one; COMMITTED where it did commit."""
    if stored.get("committed_by") == lease_token:
        return CommitState.COMMITTED
    if stored.get("sequencer") != sequencer:
        return CommitState.SUPERSEDED
    return CommitState.LEASE_LOST


def is_of_version(stored: Stored, event: UploadEvent) -> bool:
    """Tell whether an upload is of the version that is stored, by another event of it."""
    if event.action is Action.REMOVED or stored["status"] == AssetStatus.DELETED:
        return False
    source = event.source
    return (stored["version_id"], stored["etag"]) == (source.version_id, source.etag)


def has_run_out(stored: Stored, sequencer: str, now: str) -> bool:
    """Tell whether an upload's lease ran out, as LAPSED does."""
    working = stored.get("sequencer") == sequencer and stored["status"] == AssetStatus.PROCESSING
    return bool(working and stored["lease_expires_at"] <= now)
