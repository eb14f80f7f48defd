"""Read many entries of the catalog at once, eventually consistent: at half the price."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from lib.adapters.aws.dynamodb_items import readable_assets
from lib.adapters.aws.dynamodb_table import BY_STATUS
from lib.adapters.aws.errors import translated
from lib.domain.asset import Asset, AssetStatus
from lib.domain.errors import ErrorCode, TransientError
from lib.domain.listings import Page

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BATCH = 100
"""Keys that BatchGetItem takes."""

SCANNED = 200
"""Entries of a page: each is looked at, object by object."""


class DynamoEntries:
    """The catalog's table, and its index by status."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def page(self, after: str) -> Page[Asset]:
        """Return some entries; a page starts after an id."""
        start: Any = {"ExclusiveStartKey": {"pk": {"S": after}}} if after else {}
        with translated():
            scanned = self._client.scan(TableName=self._table, Limit=SCANNED, **start)
        last = scanned.get("LastEvaluatedKey")
        return Page(tuple(readable_assets(scanned["Items"])), last["pk"]["S"] if last else None)

    def find(self, asset_ids: Iterable[str]) -> dict[str, Asset | None]:
        """Return the entries that there are, by their ids; None for what can't be read."""
        found: dict[str, Asset | None] = {}
        for batch in _batches(dict.fromkeys(asset_ids)):
            for item in self._get(batch):
                found[item["pk"]["S"]] = next(readable_assets([item]), None)
        return found

    def unchanged(self, status: AssetStatus, since: str, after: str) -> Page[Asset]:
        """Return some entries of one status that have not changed `since`, oldest first.

        `after` is `<updated_at> <id>`.
        """
        updated_at, _, identity = after.partition(" ")
        start: Any = {
            "ExclusiveStartKey": {
                "pk": {"S": identity},
                "status": {"S": status.value},
                "updated_at": {"S": updated_at},
            }
        }
        with translated():
            queried = self._client.query(
                TableName=self._table,
                IndexName=BY_STATUS,
                KeyConditionExpression="#status = :status AND #updated_at < :since",
                ExpressionAttributeNames={"#status": "status", "#updated_at": "updated_at"},
                ExpressionAttributeValues={":status": {"S": status.value}, ":since": {"S": since}},
                Limit=SCANNED,
                **(start if after else {}),
            )
        last = queried.get("LastEvaluatedKey")
        return Page(
            tuple(readable_assets(queried["Items"])),
            f"{last['updated_at']['S']} {last['pk']['S']}" if last else None,
        )

    def _get(self, batch: list[str]) -> Iterator[Any]:
        """Yield the items of some ids; what the table puts off is asked for again.

        Raises TransientError where an answer has nothing at all.
        """
        asked: Any = {self._table: {"Keys": [{"pk": {"S": each}} for each in batch]}}
        while asked:
            with translated():
                answer = self._client.batch_get_item(RequestItems=asked)
            items = answer["Responses"].get(self._table, [])
            yield from items
            asked = answer.get("UnprocessedKeys")
            if asked and not items:
                raise TransientError(ErrorCode.THROTTLED, "the catalog puts reads off")


def _batches(ids: Iterable[str]) -> Iterator[list[str]]:
    remaining = iter(ids)
    while batch := list(islice(remaining, BATCH)):
        yield batch
