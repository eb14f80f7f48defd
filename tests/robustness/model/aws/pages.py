"""Queries and scans of DynamoDB, page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.robustness.model.aws.attribute_values import Item, Names, Values
from tests.robustness.model.aws.errors import refused
from tests.robustness.model.aws.requests import (
    NONE,
    check_mentioned,
    holds,
    mentioned_by_read,
    project,
)
from tests.robustness.model.aws.tables import Table


def read_page(
    table: Table,
    page_items: int,
    key_condition: str | None,
    *,
    IndexName: str | None = None,  # noqa: N803
    FilterExpression: str | None = None,  # noqa: N803
    ProjectionExpression: str | None = None,  # noqa: N803
    ExpressionAttributeNames: Names = NONE,  # noqa: N803
    ExpressionAttributeValues: Values = NONE,  # noqa: N803
    ExclusiveStartKey: Item | None = None,  # noqa: N803
    Limit: int | None = None,  # noqa: N803
    ScanIndexForward: bool = True,  # noqa: N803
    ConsistentRead: bool = False,  # noqa: N803
) -> dict[str, Any]:
    """Return a page of the items with a key, or of all. Raises ClientError."""
    if ConsistentRead and IndexName:
        raise refused("Consistent reads are not supported on global secondary indexes")
    names, values = ExpressionAttributeNames, ExpressionAttributeValues
    mentioned = mentioned_by_read(key_condition, FilterExpression, ProjectionExpression)
    check_mentioned(mentioned, names, values)
    found = [
        (table.place(IndexName, item), item)
        for item in table.of_index(IndexName)
        if holds(key_condition, item, names, values)
    ]
    found.sort(key=lambda each: each[0], reverse=not ScanIndexForward)
    if ExclusiveStartKey is not None:
        after = table.place(IndexName, ExclusiveStartKey)
        found = [
            each for each in found if (each[0] > after if ScanIndexForward else each[0] < after)
        ]
    most = min(Limit or page_items, page_items)
    page = [item for _, item in found[:most]]
    kept = [each for each in page if holds(FilterExpression, each, names, values)]
    answer: dict[str, Any] = {
        "Items": [project(ProjectionExpression, each, names) for each in kept],
        "Count": len(kept),
        "ScannedCount": len(page),
    }
    if len(page) == most:  # as AWS does: even where nothing follows
        answer["LastEvaluatedKey"] = table.keys(IndexName, page[-1])
    return answer


@dataclass(frozen=True, slots=True)
class Paginator:
    """Reads all pages of a query or scan."""

    read: Callable[..., dict[str, Any]]

    def paginate(self, **asked: Any) -> Iterator[Mapping[str, Any]]:
        """Yield one page after another."""
        while True:
            page = self.read(**asked)
            yield page
            if "LastEvaluatedKey" not in page:
                return
            asked["ExclusiveStartKey"] = page["LastEvaluatedKey"]
