"""Sum up what was started on each day: one DynamoDB item a day, and one a long work.

Where a reply is lost, or a worker dies between the two writes of a work, something may be added
twice, and never not at all. A transaction would add a work exactly once, but meets everybody else's
requests at the day's item, and loses.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from lib.adapters.aws.errors import translated
from lib.domain.clock import DAY_SECONDS, to_iso
from lib.domain.errors import TransientError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEPT_DAYS = 90
"""How long sums can be looked up; far longer than a work can be tried again."""


class DynamoLedger:
    """The ledger in a table with the key `pk`, whose items end by `expires_at`."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def read(self, day: int) -> float:
        """Return a day's sum; what was added within the last second may be missing."""
        with translated():
            found = self._client.get_item(TableName=self._table, Key=_key(_date(day)))
        return _dollars(found.get("Item", {}))

    def add(self, day: int, dollars: float) -> float:
        """Add to a day's sum, and return it."""
        with translated():
            changed = self._client.update_item(
                **self._adding(day, dollars), ReturnValues="UPDATED_NEW"
            )
        return _dollars(changed.get("Attributes", {}))

    def add_once(self, day: int, dollars: float, work: str) -> float:
        """Add to a day's sum unless this work was added before, on any day; return the sum."""
        with translated():
            known = self._client.get_item(
                TableName=self._table, Key=_key(work), ConsistentRead=True
            )
        if "Item" in known:
            return self.read(day)
        total = self.add(day, dollars)
        with suppress(TransientError), translated():
            self._client.update_item(**self._adding(day, dollars, work))
        return total

    def _adding(self, day: int, dollars: float, name: str | None = None) -> Any:
        return {
            "TableName": self._table,
            "Key": _key(name or _date(day)),
            "UpdateExpression": "ADD #dollars :dollars SET #expires_at = :expires_at",
            "ExpressionAttributeNames": {"#dollars": "dollars", "#expires_at": "expires_at"},
            "ExpressionAttributeValues": {
                ":dollars": {"N": f"{dollars:.9f}"},
                ":expires_at": {"N": str((day + KEPT_DAYS) * DAY_SECONDS)},
            },
        }


def _date(day: int) -> str:
    return to_iso(day * DAY_SECONDS)[:10]


def _key(name: str) -> dict[str, Any]:
    return {"pk": {"S": name}}


def _dollars(item: Any) -> float:
    return float(item.get("dollars", {}).get("N", 0))
