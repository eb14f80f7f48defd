"""What a write says that did not go through, from the item that made its condition fail.

`stored` is that item's plain values; `dynamodb_conditions` draws which answer comes when.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lib.adapters.aws.dynamodb_items import history_of
from lib.domain.asset import OTHER_RELEASE_SECONDS, AssetStatus, Claim, ClaimState, CommitState
from lib.domain.clock import from_iso
from lib.domain.events import UploadEvent
from lib.domain.keys import pad_sequencer

Stored = Mapping[str, Any]

WRITTEN = ("sequencer", "version_id", "etag", "status")
"""What tells a recording from others; by its status, that nobody has begun it since."""


def is_recorded(stored: Stored, written: Stored) -> bool:
    """Tell whether a recording was written by an earlier try, whose reply was lost."""
    return all(stored.get(name) == written[name] for name in WRITTEN)


def why_not_claimed(stored: Stored, event: UploadEvent, lease_token: str, now: float) -> Claim:
    """Answer a worker whose claim was refused.

    CLAIMED where the claim did go through, and only its reply was lost.
    """
    if stored.get("sequencer") != pad_sequencer(event.sequencer):
        return Claim(ClaimState.STALE)
    attempts = stored.get("attempts", 0)
    if not AssetStatus(stored["status"]).known:
        return Claim(ClaimState.BUSY, attempts=attempts, busy_for=OTHER_RELEASE_SECONDS)
    if stored.get("lease_token") == lease_token:
        abandoned, history = stored.get("abandoned", 0), history_of(stored)
        return Claim(ClaimState.CLAIMED, lease_token, attempts, abandoned, history=history)
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


def has_run_out(stored: Stored, sequencer: str, now: str) -> bool:
    """Tell whether an upload's lease ran out, as LAPSED does."""
    working = stored.get("sequencer") == sequencer and stored["status"] == AssetStatus.PROCESSING
    return bool(working and stored["lease_expires_at"] <= now)
