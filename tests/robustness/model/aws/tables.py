"""A DynamoDB table: items by key, an index, a stream of changes, and items that expire.

Items are never changed in place: what a record of the stream, or a caller, has got stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from tests.robustness.model.aws.attribute_values import Item
from tests.robustness.model.aws.errors import refused

Record: TypeAlias = dict[str, Any]
"""A change, as a Lambda function gets it from the table's stream."""


@dataclass(frozen=True, slots=True)
class Index:
    """A global secondary index with all attributes; sparse, as all are."""

    partition: str
    order: str


BY_STATUS = {"by-status": Index("status", "updated_at")}
"""The catalog's, as in resources/storage.yml."""


@dataclass
class Table:
    """Items by their key `pk`."""

    name: str
    indexes: Mapping[str, Index] = field(default_factory=dict)
    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    changes: int = 0

    def write(self, key: str, new: dict[str, Any] | None, now: float) -> Record | None:
        """Store or drop an item; return the stream's record where that changed something."""
        old = self.items.get(key)
        if new is None:
            self.items.pop(key, None)
        else:
            self._check(new)
            self.items[key] = new
        if new == old:
            return None
        self.changes += 1
        change: dict[str, Any] = {
            "ApproximateCreationDateTime": int(now),
            "Keys": {"pk": {"S": key}},
            "SequenceNumber": f"{self.changes:021}",
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        }
        if old is not None:
            change["OldImage"] = old
        if new is not None:
            change["NewImage"] = new
        return {
            "eventID": f"{self.name}-{self.changes}",
            "eventName": "INSERT" if old is None else "REMOVE" if new is None else "MODIFY",
            "eventSource": "aws:dynamodb",
            "dynamodb": change,
        }

    def of_index(self, index: str | None) -> Iterable[dict[str, Any]]:
        """Return the items of an index, or of the table."""
        if index is None:
            return self.items.values()
        if index not in self.indexes:
            raise refused(f"The table does not have the specified index: {index}")
        keys = self.indexes[index]
        return (
            each for each in self.items.values() if keys.partition in each and keys.order in each
        )

    def place(self, index: str | None, item: Item) -> tuple[str, ...]:
        """Return what orders an item among those of an index, or of the table."""
        key: str = item["pk"]["S"]
        return (key,) if index is None else (item[self.indexes[index].order]["S"], key)

    def keys(self, index: str | None, item: Item) -> dict[str, Any]:
        """Return an item's keys, where the next page starts after it."""
        names = ["pk"]
        if index is not None:
            names += [self.indexes[index].partition, self.indexes[index].order]
        return {name: item[name] for name in names}

    def _check(self, item: Item) -> None:
        for index in self.indexes.values():
            for name in (index.partition, index.order):
                if name in item and "S" not in item[name]:
                    [actual] = item[name]
                    raise refused(
                        "One or more parameter values were invalid: Type mismatch for Index Key"
                        f" {name} Expected: S Actual: {actual}"
                    )
