"""The fence: one DynamoDB item per asset, changed by conditional writes only.

`dynamodb_conditions` draws which write goes through when. Every write is one request: where its
condition fails, the answer is read from the item that made it fail. Only a claim that finds a lease
that ran out needs two, to count whose it was.

A request whose reply is lost is sent again by botocore, and then meets what it wrote itself: a
claim recognises its own lease token, a commit the token in `committed_by`. That one stays where a
newer event is recorded: the commit did go through, and what it made may be live.

A long source is handed over from the worker that claimed it to an execution, whose name is its
lease's token from then on. A later try has a longer or greater name, so that an execution that was
given up cannot take the upload back.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from lib.adapters.aws.dynamodb_conditions import (
    ABSENT,
    CURRENT,
    FURTHER,
    HELD,
    LAPSED,
    NAMED,
    OLDER,
    RETRYABLE,
    SHORTER,
    UNFINISHED,
    UNTAKEN,
    WAITING,
    Expression,
)
from lib.adapters.aws.dynamodb_items import NO_WORK, NOTHING_LIVE, live_attributes
from lib.adapters.aws.dynamodb_refusals import (
    has_run_out,
    is_of_version,
    why_not_claimed,
    why_not_committed,
    why_not_recorded,
)
from lib.adapters.aws.dynamodb_table import AssetTable
from lib.domain.asset import TOMBSTONE_SECONDS, AssetStatus, Claim, ClaimState, CommitState, Outcome
from lib.domain.clock import to_iso
from lib.domain.errors import Failure
from lib.domain.events import UploadEvent
from lib.domain.keys import pad_sequencer
from lib.domain.serialized import failure_to_values, source_to_values


class DynamoCatalog(AssetTable):
    """The catalog in one table."""

    def receive(self, event: UploadEvent, *, over: str | None = None) -> Claim:
        """Record an upload as RECEIVED; what is live stays. See `lib.domain.ports.Catalog`."""
        return self._record(event, over, {"status": AssetStatus.RECEIVED})

    def reject(self, event: UploadEvent, failure: Failure, *, over: str | None = None) -> Claim:
        """Record an unsupported upload as REJECTED; what is live stays."""
        return self._record(
            event, over, {"status": AssetStatus.REJECTED, "error": failure_to_values(failure)}
        )

    def remove(self, event: UploadEvent, *, over: str | None = None) -> Claim:
        """Record a removal as a DELETED tombstone, which DynamoDB drops after 30 days."""
        tombstone = {
            "status": AssetStatus.DELETED,
            "expires_at": int(self._clock()) + TOMBSTONE_SECONDS,
        }
        return self._record(event, over, {**NOTHING_LIVE, **tombstone})

    def confirm(self, event: UploadEvent) -> bool:
        """Note that an event leaves the stored upload what is current. See `ports.Catalog`."""
        sequencer = pad_sequencer(event.sequencer)
        written, stored = self._write(
            event,
            {"confirmed": sequencer, "sequencer_length": len(event.sequencer)},
            f"({OLDER} OR {SHORTER}) AND {CURRENT}",
            {
                "sequencer": sequencer,
                "version_id": event.source.version_id,
                "etag": event.source.etag,
                "removed": AssetStatus.DELETED,
            },
        )
        if written or stored.get("confirmed") == sequencer:
            return True
        longer = stored.get("sequencer_length", 0) > len(event.sequencer)
        return longer and is_of_version(stored, event)

    def claim(self, event: UploadEvent, *, lease_seconds: float, over: str | None = None) -> Claim:
        """Take the lease on an upload, and record the upload first where that is still to do."""
        if claim := self._take(event, lease_seconds):
            return claim
        received = self.receive(event, over=over)
        if received.state not in (ClaimState.CLAIMED, ClaimState.DONE):
            return received
        # None again: the entry changed hands in between; the next delivery sees who has it.
        return self._take(event, lease_seconds) or Claim(ClaimState.BUSY)

    def transfer_lease(
        self,
        event: UploadEvent,
        execution: str,
        *,
        lease_seconds: float,
        estimate_ms: int | None = None,
    ) -> bool:
        """Give an unfinished upload's lease, whoever has it, to an execution."""
        written, _ = self._write(
            event,
            {
                "status": AssetStatus.PROCESSING,
                "lease_token": execution,
                "lease_expires_at": to_iso(self._clock() + lease_seconds),
                "execution": execution,
                **({} if estimate_ms is None else {"estimate_ms": estimate_ms}),
            },
            f"{UNFINISHED} AND {UNTAKEN}",
            {
                "sequencer": pad_sequencer(event.sequencer),
                "waiting": AssetStatus.RECEIVED,
                "working": AssetStatus.PROCESSING,
                "length": len(execution),
            },
        )
        return written

    def progress(self, event: UploadEvent, lease_token: str, percent: int) -> CommitState:
        """Note how far the work is, where the lease is held; never backwards."""
        sequencer = pad_sequencer(event.sequencer)
        written, stored = self._write(
            event,
            {"progress": percent},
            f"{HELD} AND {FURTHER}",
            {"sequencer": sequencer, "working": AssetStatus.PROCESSING, "held": lease_token},
        )
        if written or stored.get("lease_token") == lease_token:
            return CommitState.COMMITTED
        return why_not_committed(stored, sequencer, lease_token)

    def commit(self, event: UploadEvent, lease_token: str, outcome: Outcome) -> CommitState:
        """Write an outcome where the lease is held; FAILED and REJECTED leave what is live."""
        live: dict[str, object] = {}
        if outcome.status in (AssetStatus.READY, AssetStatus.PARTIAL):
            live = {**live_attributes(outcome), "live_version_id": event.source.version_id}
        return self._hand_back(
            event,
            lease_token,
            {
                **live,
                "status": outcome.status,
                "error": failure_to_values(outcome.error) if outcome.error else None,
                "processed_ms": outcome.processed_ms,
                "committed_by": lease_token,
            },
        )

    def release(self, event: UploadEvent, lease_token: str, failure: Failure) -> CommitState:
        """Give the lease back, with the reason; the upload is claimable at once."""
        return self._hand_back(
            event,
            lease_token,
            {"status": AssetStatus.RECEIVED, "error": failure_to_values(failure)},
        )

    def _record(self, event: UploadEvent, over: str | None, changes: dict[str, object]) -> Claim:
        """Write the newest event of an asset where none as new is known."""
        source = event.source
        written, stored = self._write(
            event,
            {
                **NO_WORK,
                **source_to_values(source),
                "sequencer": pad_sequencer(event.sequencer),
                "sequencer_length": len(event.sequencer),
                "media_type": event.media_type,
                "mime": event.mime,
                "attempts": 0,
                "created_at": Expression("if_not_exists(#created_at, :now)"),
                **changes,
            },
            " OR ".join((ABSENT, OLDER, *([NAMED] if over else []))),
            {"over": over},
        )
        return Claim(ClaimState.CLAIMED) if written else why_not_recorded(stored, event)

    def _take(self, event: UploadEvent, lease_seconds: float) -> Claim | None:
        """Take the lease on an upload; None where the entry is not this upload's."""
        now, token = self._clock(), uuid.uuid4().hex
        sequencer = pad_sequencer(event.sequencer)
        lease = {
            "status": AssetStatus.PROCESSING,
            "lease_token": token,
            "lease_expires_at": to_iso(now + lease_seconds),
            "attempts": Expression("#attempts + :one"),
        }
        values = {
            "sequencer": sequencer,
            "waiting": AssetStatus.RECEIVED,
            "working": AssetStatus.PROCESSING,
            "failed": AssetStatus.FAILED,
            "no": False,
            "one": 1,
        }
        written, stored = self._write(event, lease, f"{WAITING} OR {RETRYABLE}", values)
        abandoned = stored.get("abandoned", 0)
        if not written and has_run_out(stored, sequencer, to_iso(now)):
            # An execution is no worker: that its end was not recorded is not the source's fault.
            abandoned += stored["lease_token"] != stored.get("execution")
            written, stored = self._write(event, {**lease, "abandoned": abandoned}, LAPSED, values)
        if written:
            return Claim(ClaimState.CLAIMED, token, stored["attempts"] + 1, abandoned)
        return why_not_claimed(stored, event, token, now)

    def _hand_back(
        self, event: UploadEvent, lease_token: str, changes: Mapping[str, object]
    ) -> CommitState:
        """Write what a worker ends with, where it still holds the lease."""
        sequencer = pad_sequencer(event.sequencer)
        written, stored = self._write(
            event,
            {**changes, "lease_token": None, "lease_expires_at": None, "progress": None},
            HELD,
            {"sequencer": sequencer, "working": AssetStatus.PROCESSING, "held": lease_token},
        )
        if written:
            return CommitState.COMMITTED
        return why_not_committed(stored, sequencer, lease_token)
