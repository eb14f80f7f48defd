"""The fence: one DynamoDB item per asset, changed by conditional writes only.

    the stored sequencer is   none     older    the same                      newer    incomparable
                              ┼────────┼────────┼─────────────────────────────┼────────┼──────────
    receive, reject, remove   ABSENT   OLDER    DONE                          STALE    UNORDERED,
    claim                     receive first     WAITING, RETRYABLE, then      STALE    or NAMED
                                                LAPSED, else BUSY,
                                                HANDED_OVER, DONE
    confirm                   no       OLDER    no                            no       SHORTER,
                                       and CURRENT                                     and CURRENT
    transfer_lease            no                UNFINISHED and UNTAKEN        no
    progress                  SUPERSEDED        HELD and FURTHER              SUPERSEDED
    commit, release           SUPERSEDED        HELD, else LEASE_LOST         SUPERSEDED

A removal can leave the stored upload what is current. It is noted beside the upload's sequencer,
in `confirmed`, and what is older than that is stale. So the upload keeps its name, its worker, and
what is made of it. Another event of the stored version is STALE too where it cannot be compared.

Upper-case names of the first kind are conditions, any one of which lets the write through; the
others are answers, read from the item that made the condition fail. So every write is one request;
only a claim that finds a lease that ran out needs two, to count whose it was.

A request whose reply is lost is sent again by botocore, and then meets what it wrote itself: a
claim recognises its own lease token, a commit the token in `committed_by`. That one stays where a
newer event is recorded: the commit did go through, and what it made may be live.

A long source is handed over from the worker that claimed it to an execution, whose name is its
lease's token from then on. A later try has a longer or greater name, so that an execution that was
given up cannot take the upload back.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lib.adapters.aws.dynamodb_items import asset_from_item, decode_item, describe_outcome
from lib.adapters.aws.dynamodb_updates import Expression, conditional_update
from lib.adapters.aws.errors import error_code, translated
from lib.domain.asset import Asset, AssetStatus, Claim, ClaimState, CommitState, Outcome
from lib.domain.clock import Clock, from_iso, to_iso
from lib.domain.errors import Failure
from lib.domain.events import Action, UploadEvent
from lib.domain.keys import asset_id, pad_sequencer
from lib.domain.serialized import failure_to_values

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TOMBSTONE_SECONDS = 30 * 24 * 60 * 60
"""How long a removal is remembered: far longer than a late event can take (SQS keeps 14 days)."""

BY_STATUS = "by-status"

ABSENT = "attribute_not_exists(#pk)"
OLDER = (
    "(#sequencer_length = :sequencer_length AND (#confirmed < :sequencer"
    " OR (attribute_not_exists(#confirmed) AND #sequencer < :sequencer)))"
)
SHORTER = "#sequencer_length < :sequencer_length"
"""Cannot be compared, but what S3 sends grows: older, where S3 has said what is current."""
NAMED = (
    "(#sequencer <> :sequencer AND"
    " (#confirmed = :over OR (attribute_not_exists(#confirmed) AND #sequencer = :over)))"
)
CURRENT = "#version_id = :version_id AND #etag = :etag AND #status <> :removed"
"""The ETag too: a bucket whose versioning is suspended calls each new object's version `null`."""
SAME = "#sequencer = :sequencer"
WAITING = f"({SAME} AND #status = :waiting)"
LAPSED = f"({SAME} AND #status = :working AND #lease_expires_at <= :now)"
RETRYABLE = f"({SAME} AND #status = :failed AND #error.#permanent = :no)"
HELD = f"{SAME} AND #status = :working AND #lease_token = :held"
FURTHER = "(attribute_not_exists(#progress) OR #progress < :progress)"
UNFINISHED = f"{SAME} AND #status IN (:waiting, :working)"
UNTAKEN = (
    "(#lease_token = :execution OR attribute_not_exists(#execution)"
    " OR size(#execution) < :length OR (size(#execution) = :length AND #execution < :execution))"
)
"""This execution has the upload already, or none has had it, or only earlier ones."""

NO_WORK: Mapping[str, object] = dict.fromkeys(
    (
        "lease_token",
        "lease_expires_at",
        "execution",
        "estimate_ms",
        "progress",
        "abandoned",
        "error",
        "processed_ms",
        "expires_at",
        "confirmed",
    )
)
"""What an upload has not got yet when it is received."""

NOTHING_LIVE: Mapping[str, object] = {
    **dict.fromkeys(describe_outcome(Outcome(AssetStatus.DELETED))),
    "live_version_id": None,
}


class DynamoCatalog:
    """The catalog in one table with the key `pk` and the index `by-status`."""

    def __init__(self, client: DynamoDBClient, table: str, clock: Clock = time.time) -> None:
        self._client = client
        self._table = table
        self._clock = clock

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
        return longer and _same_version(stored, event)

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
        return _refused(stored, sequencer, lease_token)

    def commit(self, event: UploadEvent, lease_token: str, outcome: Outcome) -> CommitState:
        """Write an outcome where the lease is held; FAILED and REJECTED leave what is live."""
        live: dict[str, object] = {}
        if outcome.status in (AssetStatus.READY, AssetStatus.PARTIAL):
            live = {**describe_outcome(outcome), "live_version_id": event.source.version_id}
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

    def get(self, asset_id: str) -> Asset | None:
        """Return one entry, read consistently."""
        with translated():
            response = self._client.get_item(
                TableName=self._table, Key={"pk": {"S": asset_id}}, ConsistentRead=True
            )
        return asset_from_item(response["Item"]) if "Item" in response else None

    def by_status(self, status: AssetStatus, *, newest_first: bool = True) -> Iterator[Asset]:
        """Iterate over the entries of one status by `updated_at`; the index lags a little."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=BY_STATUS,
            KeyConditionExpression="#status = :status",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":status": {"S": status.value}},
            ScanIndexForward=not newest_first,
        )
        with translated():
            for page in pages:
                yield from map(asset_from_item, page["Items"])

    def _record(self, event: UploadEvent, over: str | None, changes: dict[str, object]) -> Claim:
        """Write the newest event of an asset where none as new is known."""
        source = event.source
        written, stored = self._write(
            event,
            {
                **NO_WORK,
                **asdict(source),
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
        if written:
            return Claim(ClaimState.CLAIMED)
        if stored["sequencer"] == pad_sequencer(event.sequencer):
            return Claim(ClaimState.DONE, attempts=stored["attempts"])
        if stored["sequencer_length"] == len(event.sequencer) or _same_version(stored, event):
            return Claim(ClaimState.STALE)
        newest = stored.get("confirmed") or stored["sequencer"]
        return Claim(ClaimState.UNORDERED, stored_sequencer=newest)

    def _take(self, event: UploadEvent, lease_seconds: float) -> Claim | None:
        """Take the lease on an upload; None where the entry is not this upload's."""
        now, token = self._clock(), uuid.uuid4().hex
        lease = {
            "status": AssetStatus.PROCESSING,
            "lease_token": token,
            "lease_expires_at": to_iso(now + lease_seconds),
            "attempts": Expression("#attempts + :one"),
        }
        values = {
            "sequencer": pad_sequencer(event.sequencer),
            "waiting": AssetStatus.RECEIVED,
            "working": AssetStatus.PROCESSING,
            "failed": AssetStatus.FAILED,
            "no": False,
            "one": 1,
        }
        written, stored = self._write(event, lease, f"{WAITING} OR {RETRYABLE}", values)
        abandoned = stored.get("abandoned", 0)
        if not written and _ran_out(stored, values["sequencer"], to_iso(now)):
            # An execution is no worker: that its end was not recorded is not the source's fault.
            abandoned += stored["lease_token"] != stored.get("execution")
            written, stored = self._write(event, {**lease, "abandoned": abandoned}, LAPSED, values)
        if written:
            return Claim(ClaimState.CLAIMED, token, stored["attempts"] + 1, abandoned)
        if stored.get("sequencer") != values["sequencer"]:
            return None
        if stored.get("lease_token") == token:
            return Claim(ClaimState.CLAIMED, token, stored["attempts"], stored.get("abandoned", 0))
        if stored["status"] == AssetStatus.PROCESSING:
            if stored["lease_token"] == stored.get("execution"):
                return Claim(ClaimState.HANDED_OVER, attempts=stored["attempts"])
            busy_for = from_iso(stored["lease_expires_at"]) - now
            return Claim(ClaimState.BUSY, attempts=stored["attempts"], busy_for=busy_for)
        return Claim(ClaimState.DONE, attempts=stored["attempts"])

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
        return CommitState.COMMITTED if written else _refused(stored, sequencer, lease_token)

    def _write(
        self,
        event: UploadEvent,
        changes: Mapping[str, object],
        condition: str,
        values: Mapping[str, object],
    ) -> tuple[bool, dict[str, Any]]:
        """Change the item where the condition holds; return whether, and what was there before."""
        now = to_iso(self._clock())
        key = asset_id(event.source.bucket, event.source.key)
        try:
            with translated():
                response = self._client.update_item(
                    TableName=self._table,
                    Key={"pk": {"S": key}},
                    ReturnValues="ALL_OLD",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    **conditional_update(
                        {**changes, "updated_at": now}, condition, {"now": now, **values}
                    ),
                )
        except ClientError as exc:
            if error_code(exc) != "ConditionalCheckFailedException":
                raise
            stored: dict[str, Any] = {**exc.response}
            return False, decode_item(stored.get("Item", {}))
        return True, decode_item(response.get("Attributes", {}))


def _same_version(stored: Mapping[str, Any], event: UploadEvent) -> bool:
    """Tell whether an upload is of the version that is stored, by another event of it."""
    if event.action is Action.REMOVED or stored["status"] == AssetStatus.DELETED:
        return False
    source = event.source
    return (stored["version_id"], stored["etag"]) == (source.version_id, source.etag)


def _ran_out(stored: Mapping[str, Any], sequencer: object, now: str) -> bool:
    """Tell whether an upload's lease ran out, as LAPSED does."""
    working = stored.get("sequencer") == sequencer and stored["status"] == AssetStatus.PROCESSING
    return working and stored["lease_expires_at"] <= now


def _refused(stored: Mapping[str, Any], sequencer: str, lease_token: str) -> CommitState:
    """Tell why a worker's write did not go through."""
    if stored.get("committed_by") == lease_token:
        return CommitState.COMMITTED
    if stored.get("sequencer") != sequencer:
        return CommitState.SUPERSEDED
    return CommitState.LEASE_LOST
