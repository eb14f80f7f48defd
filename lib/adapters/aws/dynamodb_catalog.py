"""The fence: one DynamoDB item per asset, changed by conditional writes only.

`dynamodb_conditions` draws which write goes through when. Every write is one request: where its
condition fails, the answer is read from the item that made it fail. Only a claim that finds a lease
that ran out needs two, to count whose it was.

A request whose reply is lost is sent again by botocore, and then meets what it wrote itself: a
recording its own sequencer, a claim its own lease token, a commit the token in `committed_by`. That
one stays where a newer version is recorded: the commit did go through, what it made may be live.

A long source is handed over from the worker that claimed it to an execution, whose name is its
lease's token from then on. A later try has a longer or greater name, so that an execution that was
given up cannot take the upload back.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from lib.adapters.aws.dynamodb_conditions import (
    ABSENT,
    FURTHER,
    HELD,
    LAPSED,
    RESUMED,
    RETRYABLE,
    UNCHANGED,
    UNFINISHED,
    UNTAKEN,
    WAITING,
    Expression,
)
from lib.adapters.aws.dynamodb_items import (
    NO_WORK,
    NOTHING_LIVE,
    asset_from_plain,
    history_attributes,
    history_of,
    live_attributes,
)
from lib.adapters.aws.dynamodb_refusals import (
    has_run_out,
    is_recorded,
    why_not_claimed,
    why_not_committed,
)
from lib.adapters.aws.dynamodb_table import AssetTable
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
from lib.domain.clock import to_iso
from lib.domain.errors import Failure
from lib.domain.events import UploadEvent
from lib.domain.keys import pad_sequencer
from lib.domain.leases import first_token
from lib.domain.serialized import failure_to_values, source_to_values


class DynamoCatalog(AssetTable):
    """The catalog in one table."""

    def receive(self, event: UploadEvent, *, after: str | None = None) -> Asset | None:
        """Record an upload as RECEIVED; what is live stays. See `lib.domain.ports.Catalog`."""
        return self._record(event, after, {"status": AssetStatus.RECEIVED})

    def reject(
        self, event: UploadEvent, failure: Failure, *, after: str | None = None
    ) -> Asset | None:
        """Record an unsupported upload as REJECTED; what is live stays."""
        return self._record(
            event, after, {"status": AssetStatus.REJECTED, "error": failure_to_values(failure)}
        )

    def remove(self, event: UploadEvent, *, after: str | None = None) -> Asset | None:
        """Record a removal as a DELETED tombstone, which DynamoDB drops after 30 days."""
        tombstone = {
            "status": AssetStatus.DELETED,
            "expires_at": int(self._clock()) + TOMBSTONE_SECONDS,
        }
        return self._record(event, after, {**NOTHING_LIVE, **tombstone})

    def claim(
        self,
        event: UploadEvent,
        *,
        lease_seconds: float,
        token: str | None = None,
        resumes: str | None = None,
    ) -> Claim:
        """Take the lease on a recorded upload. See `lib.domain.ports.Catalog`."""
        now, token = self._clock(), token or uuid.uuid4().hex
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
            "resumed": resumes,
            "first": resumes and first_token(resumes),
        }
        free = " OR ".join((WAITING, RETRYABLE, *([RESUMED] if resumes else [])))
        written, stored = self._write(event, lease, free, values)
        abandoned = stored.get("abandoned", 0)
        if not written and has_run_out(stored, sequencer, to_iso(now)):
            # An execution is no worker: that its end was not recorded is not the source's fault.
            abandoned += stored["lease_token"] != stored.get("execution")
            written, stored = self._write(event, {**lease, "abandoned": abandoned}, LAPSED, values)
        if not written:
            return why_not_claimed(stored, event, token, now)
        attempts, history = stored["attempts"] + 1, history_of(stored)
        return Claim(ClaimState.CLAIMED, token, attempts, abandoned, history=history)

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
                **history_attributes(outcome.history),
            },
        )

    def release(
        self, event: UploadEvent, lease_token: str, failure: Failure, history: History | None = None
    ) -> CommitState:
        """Give the lease back, with the reason; the upload is claimable at once."""
        return self._hand_back(
            event,
            lease_token,
            {
                "status": AssetStatus.RECEIVED,
                "error": failure_to_values(failure),
                **history_attributes(history),
            },
        )

    def _record(
        self, event: UploadEvent, after: str | None, changes: dict[str, object]
    ) -> Asset | None:
        """Write what is current of a key where the entry is the one that was seen before."""
        written: dict[str, object] = {
            **NO_WORK,
            **source_to_values(event.source),
            "sequencer": pad_sequencer(event.sequencer),
            "sequencer_length": len(event.sequencer),
            "media_type": event.media_type,
            "mime": event.mime,
            "attempts": 0,
            "created_at": Expression("if_not_exists(#created_at, :now)"),
            **changes,
        }
        condition = ABSENT if after is None else UNCHANGED
        went_through, stored = self._write(event, written, condition, {"after": after})
        if went_through or is_recorded(stored, written):
            return None
        if not stored:  # the entry that was seen is gone: its time was up, or somebody deleted it
            return self._record(event, None, changes)
        return asset_from_plain(stored)

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
