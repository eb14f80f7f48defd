"""The catalog's table: one item per asset, read by its key or by status, changed by conditions."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lib.adapters.aws.dynamodb_conditions import AS_SEEN, Expression, conditional_update
from lib.adapters.aws.dynamodb_items import asset_from_item, from_item, readable_assets
from lib.adapters.aws.errors import translated
from lib.domain.asset import Asset, AssetStatus
from lib.domain.clock import Clock, to_iso, to_ms
from lib.domain.events import UploadEvent
from lib.domain.keys import asset_id, folder_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BY_STATUS = "by-status"

REFUSED = frozenset({"ConditionalCheckFailedException"})

NEXT_REVISION = Expression("if_not_exists(#revision, :now_ms) + :one")
"""Of each write: one more than before. The first counts from the time (epoch ms), so that it is
above those of an entry of the same key that was forgotten."""


class AssetTable:
    """One table with the key `pk` and the index `by-status`."""

    def __init__(self, client: DynamoDBClient, table: str, clock: Clock = time.time) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def get(self, asset_id: str) -> Asset | None:
        """Return one entry, read consistently."""
        with translated():
            response = self._client.get_item(
                TableName=self._table, Key={"pk": {"S": asset_id}}, ConsistentRead=True
            )
        return asset_from_item(response["Item"]) if "Item" in response else None

    def by_status(self, status: AssetStatus, *, newest_first: bool = True) -> Iterator[Asset]:
        """Iterate over the entries of one status by `updated_at`; the index lags a little.

        What is no entry is left out.
        """
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
                yield from readable_assets(page["Items"])

    def reopen(self, asset: Asset) -> bool:
        """Let an entry be worked on again, under the same recording; what is live stays."""
        again: dict[str, object] = {}
        if asset.status.terminal:
            again = {
                "status": AssetStatus.RECEIVED,
                "failed_attempts": None,
                **dict.fromkeys(("error", "abandoned", "progress", "lease_token")),
            }
        written, _ = self._write(asset, again, AS_SEEN, _seen(asset))
        return written

    def index(self, asset: Asset) -> bool:
        """Put an entry into its folder's list; it stays where it is among those of its status."""
        folder = folder_of(asset.source.key)
        if folder is None:
            return False
        written, _ = self._update(asset.asset_id, {"folder": folder}, AS_SEEN, _seen(asset))
        return written

    def _write(
        self,
        event: UploadEvent | Asset,
        changes: Mapping[str, object],
        condition: str,
        values: Mapping[str, object],
    ) -> tuple[bool, dict[str, Any]]:
        """Change the item where the condition holds; return whether, and what was there before."""
        moment = self._clock()
        now = to_iso(moment)
        folder = folder_of(event.source.key)
        written = {**changes, "folder": folder, "updated_at": now, "revision": NEXT_REVISION}
        mentioned = {"now": now, "now_ms": to_ms(moment), "one": 1, **values}
        key = asset_id(event.source.bucket, event.source.key)
        return self._update(key, written, condition, mentioned)

    def _update(
        self,
        key: str,
        changes: Mapping[str, object],
        condition: str,
        values: Mapping[str, object],
    ) -> tuple[bool, dict[str, Any]]:
        try:
            with translated(answers=REFUSED):
                response = self._client.update_item(
                    TableName=self._table,
                    Key={"pk": {"S": key}},
                    ReturnValues="ALL_OLD",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    **conditional_update(changes, condition, values),
                )
        except ClientError as exc:
            stored: dict[str, Any] = {**exc.response}
            return False, from_item(stored.get("Item", {}))
        return True, from_item(response.get("Attributes", {}))


def _seen(asset: Asset) -> dict[str, object]:
    """Return what AS_SEEN mentions."""
    return {"sequencer": asset.sequencer, "seen": asset.status, "seen_at": asset.updated_at}
