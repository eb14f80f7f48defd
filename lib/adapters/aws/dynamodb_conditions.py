"""The fence's conditions, and the UpdateItem that writes where one of them holds.

    the entry is              absent     of another recording   of this one
                              ┼──────────┼──────────────────────┼─────────────────────────────
    receive, reject, remove   ABSENT     UNCHANGED              the entry, or None: it did write
    claim                     STALE      STALE                  WAITING, RETRYABLE, RESUMED, then
                                                                LAPSED; else BUSY, HANDED_OVER, DONE
    transfer_lease            no         no                     UNFINISHED and UNTAKEN
    reopen, index             no         no                     AS_SEEN
    progress                  SUPERSEDED SUPERSEDED             HELD and FURTHER
    commit, release           SUPERSEDED SUPERSEDED             HELD, else LEASE_LOST

A recording is named by its sequencer, which no other of the key has. The first row is a
compare-and-set: ABSENT or UNCHANGED since its writer looked at the entry, before it looked at S3.

Upper-case names of the first kind are conditions, any one of which lets the write through; the
others are answers, read from the item that made the condition fail. So every write is one request;
only a claim that finds a lease that ran out needs two, to count whose it was.

In every expression `#name` is an attribute and `:name` a value; both are collected from the text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lib.adapters.aws.dynamodb_items import to_attribute

ABSENT = "attribute_not_exists(#pk)"
UNCHANGED = "#sequencer = :after"
SAME = "#sequencer = :sequencer"
WAITING = f"({SAME} AND #status = :waiting)"
LAPSED = f"({SAME} AND #status = :working AND #lease_expires_at <= :now)"
RETRYABLE = f"({SAME} AND #status = :failed AND #error.#permanent = :no)"
RESUMED = (
    f"({SAME} AND #status = :working"
    " AND begins_with(#lease_token, :first) AND #lease_token < :resumed)"
)
"""Held by an earlier delivery of the same message, which could not give it back: `leases`."""
HELD = f"{SAME} AND #status = :working AND #lease_token = :held"
FURTHER = "(attribute_not_exists(#progress) OR #progress < :progress)"
AS_SEEN = f"{SAME} AND #status = :seen AND #updated_at = :seen_at"
UNFINISHED = f"{SAME} AND #status IN (:waiting, :working)"
UNTAKEN = (
    "(#lease_token = :execution OR attribute_not_exists(#execution)"
    " OR size(#execution) < :length OR (size(#execution) = :length AND #execution < :execution))"
)
"""This execution has the upload already, or none has had it, or only earlier ones."""


class Expression(str):
    """A SET operand that DynamoDB computes, as opposed to a text to store."""

    __slots__ = ()


def conditional_update(
    changes: Mapping[str, object], condition: str, values: Mapping[str, object]
) -> dict[str, Any]:
    """Return the arguments of `update_item` that write `changes` where `condition` holds.

    A change to None removes the attribute. `values` are what condition and expressions mention.
    """
    present = {name: value for name, value in changes.items() if value is not None}
    absent = [name for name, value in changes.items() if value is None]
    sets = ", ".join(
        f"#{name} = {value if isinstance(value, Expression) else f':{name}'}"
        for name, value in present.items()
    )
    removes = ", ".join(f"#{name}" for name in absent)
    update = f"SET {sets}" + (f" REMOVE {removes}" if removes else "")
    mentioned = f"{update} {condition}"
    every_value = {**present, **values}
    return {
        "UpdateExpression": update,
        "ConditionExpression": condition,
        "ExpressionAttributeNames": {
            f"#{name}": name for name in sorted(set(re.findall(r"#(\w+)", mentioned)))
        },
        "ExpressionAttributeValues": {
            f":{name}": to_attribute(every_value[name])
            for name in sorted(set(re.findall(r":(\w+)", mentioned)))
        },
    }
