"""DynamoDB in memory, at the methods of boto3's client.

Left out: transactions, what is older than expressions, capacities and sizes; and stale reads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.robustness.model.aws.attribute_values import Names
from tests.robustness.model.aws.errors import failed, refused
from tests.robustness.model.aws.pages import Paginator, read_page
from tests.robustness.model.aws.requests import NONE, Guard, answer_write, project
from tests.robustness.model.aws.tables import BY_STATUS, Record, Table
from tests.robustness.model.aws.updates import parse_update
from tests.robustness.model.aws.world import World

SERVICE = "dynamodb"
EXPIRES = "expires_at"
TTL = {"userIdentity": {"type": "Service", "principalId": "dynamodb.amazonaws.com"}}
"""Whose deletion it is where an item expires."""


@dataclass
class DynamoDB:
    """The tables of an account; `on_change` is told each change of one, with its stream's record.

    A page of a query or scan has `page_items` at most, as one of AWS has 1 MB.
    """

    world: World
    tables: Mapping[str, Table]
    on_change: Callable[[str, Record], None] | None = None
    page_items: int = 100

    @classmethod
    def of(cls, world: World, *, catalog: str, budget: str) -> DynamoDB:
        """Make the two tables of resources/storage.yml, which have these names."""
        return cls(world, {catalog: Table(catalog, BY_STATUS), budget: Table(budget)})

    def items(self, table: str) -> dict[str, dict[str, Any]]:
        """Return a table's items by key, to look at."""
        return self.tables[table].items

    def expire(self, table: str, now: float) -> None:
        """Delete the items whose `expires_at` has passed, as DynamoDB does within some days."""
        found = self.tables[table]
        for key, item in [*found.items.items()]:
            if EXPIRES in item and float(item[EXPIRES].get("N", "inf")) < now:
                self._write(found, key, None, TTL)

    def update_item(
        self,
        *,
        TableName: str,  # noqa: N803
        Key: Mapping[str, Any],  # noqa: N803
        UpdateExpression: str | None = None,  # noqa: N803
        ReturnValues: str = "NONE",  # noqa: N803
        **guard: Any,
    ) -> dict[str, Any]:
        """Change an item, or make one, where the condition holds."""
        guarded = Guard.of(guard)

        def do() -> dict[str, Any]:
            table, key = self._find(TableName, Key)
            old = table.items.get(key)
            guarded.check(old, UpdateExpression)
            new, touched = {**Key} if old is None else old, []
            if UpdateExpression is not None:
                run = parse_update(UpdateExpression).run
                new, touched = run(new, guarded.names, guarded.values)
                if new.get("pk") != Key["pk"] or "pk" in touched:
                    raise refused(
                        "One or more parameter values were invalid: Cannot update attribute pk."
                        " This attribute is part of the key"
                    )
            self._write(table, key, new)
            return answer_write(ReturnValues, old, new, touched)

        return self.world.call(SERVICE, "update_item", do)

    def put_item(
        self,
        *,
        TableName: str,  # noqa: N803
        Item: Mapping[str, Any],  # noqa: N803
        ReturnValues: str = "NONE",  # noqa: N803
        **guard: Any,
    ) -> dict[str, Any]:
        """Store an item in place of the old one, where the condition holds."""
        guarded = Guard.of(guard)

        def do() -> dict[str, Any]:
            if "pk" not in Item:
                raise refused("One or more parameter values were invalid: Missing the key pk")
            table, key = self._find(TableName, {"pk": Item["pk"]})
            old = table.items.get(key)
            guarded.check(old)
            self._write(table, key, {**Item})
            return answer_write(ReturnValues, old, None, [])

        return self.world.call(SERVICE, "put_item", do)

    def delete_item(
        self,
        *,
        TableName: str,  # noqa: N803
        Key: Mapping[str, Any],  # noqa: N803
        ReturnValues: str = "NONE",  # noqa: N803
        **guard: Any,
    ) -> dict[str, Any]:
        """Drop an item where the condition holds."""
        guarded = Guard.of(guard)

        def do() -> dict[str, Any]:
            table, key = self._find(TableName, Key)
            old = table.items.get(key)
            guarded.check(old)
            self._write(table, key, None)
            return answer_write(ReturnValues, old, None, [])

        return self.world.call(SERVICE, "delete_item", do)

    def get_item(
        self,
        *,
        TableName: str,  # noqa: N803
        Key: Mapping[str, Any],  # noqa: N803
        ConsistentRead: bool = False,  # noqa: N803
        ProjectionExpression: str | None = None,  # noqa: N803
        ExpressionAttributeNames: Names = NONE,  # noqa: N803
    ) -> dict[str, Any]:
        """Read an item; the answer has none where there is none."""

        def do() -> dict[str, Any]:
            table, key = self._find(TableName, Key)
            item = table.items.get(key)
            if item is None:
                return {}
            return {"Item": project(ProjectionExpression, item, ExpressionAttributeNames)}

        return self.world.call(SERVICE, "get_item", do)

    def batch_get_item(self, *, RequestItems: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N803
        """Read up to 100 items, of several tables."""

        def do() -> dict[str, Any]:
            if sum(len(each["Keys"]) for each in RequestItems.values()) > 100:
                raise refused("Too many items requested for the BatchGetItem call")
            found: dict[str, Any] = {}
            for name, asked in RequestItems.items():
                keys = [self._find(name, key)[1] for key in asked["Keys"]]
                if len({*keys}) < len(keys):
                    raise refused("Provided list of item keys contains duplicates")
                items = self.tables[name].items
                columns = asked.get("ProjectionExpression")
                names = asked.get("ExpressionAttributeNames", NONE)
                found[name] = [project(columns, items[key], names) for key in keys if key in items]
            return {"Responses": found, "UnprocessedKeys": {}}

        return self.world.call(SERVICE, "batch_get_item", do)

    def query(
        self,
        *,
        TableName: str,  # noqa: N803
        KeyConditionExpression: str,  # noqa: N803
        **asked: Any,
    ) -> dict[str, Any]:
        """Read a page of the items with a key, of the table or of an index."""

        def do() -> dict[str, Any]:
            return read_page(
                self._table(TableName), self.page_items, KeyConditionExpression, **asked
            )

        return self.world.call(SERVICE, "query", do)

    def scan(self, *, TableName: str, **asked: Any) -> dict[str, Any]:  # noqa: N803
        """Read a page of all items."""

        def do() -> dict[str, Any]:
            return read_page(self._table(TableName), self.page_items, None, **asked)

        return self.world.call(SERVICE, "scan", do)

    def get_paginator(self, operation: str) -> Paginator:
        """Return what reads all pages of a query or scan."""
        return Paginator({"query": self.query, "scan": self.scan}[operation])

    def _table(self, name: str) -> Table:
        if name not in self.tables:
            raise failed("ResourceNotFoundException", f"Requested resource not found: {name}")
        return self.tables[name]

    def _find(self, name: str, key: Mapping[str, Any]) -> tuple[Table, str]:
        if key.keys() != {"pk"} or "S" not in key["pk"]:
            raise refused("The provided key element does not match the schema")
        return self._table(name), key["pk"]["S"]

    def _write(
        self, table: Table, key: str, new: dict[str, Any] | None, by: Mapping[str, Any] = NONE
    ) -> None:
        record = table.write(key, new, self.world.now)
        if record is not None and self.on_change is not None:
            self.on_change(table.name, {**record, **by} if by else record)
