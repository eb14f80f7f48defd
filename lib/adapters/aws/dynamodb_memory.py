"""Remember a text from one invocation to the next: one item, which may be deleted any time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lib.adapters.aws.errors import translated

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoMemory:
    """An item of a table with the key `pk`, by its name."""

    def __init__(self, client: DynamoDBClient, table: str, name: str) -> None:
        self._client = client
        self._table = table
        self._name = name

    def read(self) -> str | None:
        """Return what was written last."""
        with translated():
            found = self._client.get_item(
                TableName=self._table, Key={"pk": {"S": self._name}}, ConsistentRead=True
            )
        return found["Item"]["text"]["S"] if "Item" in found else None

    def write(self, text: str) -> None:
        """Remember a text."""
        with translated():
            self._client.update_item(
                TableName=self._table,
                Key={"pk": {"S": self._name}},
                UpdateExpression="SET #text = :text",
                ExpressionAttributeNames={"#text": "text"},
                ExpressionAttributeValues={":text": {"S": text}},
            )
