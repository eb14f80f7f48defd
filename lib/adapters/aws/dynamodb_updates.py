"""Spell one conditional UpdateItem, so that the catalog reads as a fence and not as syntax.

In every expression `#name` is an attribute and `:name` a value; both are collected from the text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lib.adapters.aws.dynamodb_items import encode


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
            f":{name}": encode(every_value[name])
            for name in sorted(set(re.findall(r":(\w+)", mentioned)))
        },
    }
