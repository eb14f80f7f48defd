"""What a request to DynamoDB asks for, where it is checked and answered: conditions and columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from tests.robustness.model.aws.attribute_values import Item, Names, Values
from tests.robustness.model.aws.errors import failed, refused
from tests.robustness.model.aws.expressions import Tokens, parse_condition, read_path
from tests.robustness.model.aws.updates import parse_update

NONE: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Guard:
    """Under which condition a write goes through, and what is said where it does not."""

    condition: str | None
    names: Names
    values: Values
    returned: str = "NONE"

    @classmethod
    def of(cls, asked: Mapping[str, Any]) -> Guard:
        """Read a request's own arguments. Raises TypeError for what is none."""

        def read(
            *,
            ConditionExpression: str | None = None,  # noqa: N803
            ExpressionAttributeNames: Names = NONE,  # noqa: N803
            ExpressionAttributeValues: Values = NONE,  # noqa: N803
            ReturnValuesOnConditionCheckFailure: str = "NONE",  # noqa: N803
        ) -> Guard:
            return cls(
                ConditionExpression,
                ExpressionAttributeNames,
                ExpressionAttributeValues,
                ReturnValuesOnConditionCheckFailure,
            )

        return read(**asked)

    def check(self, item: Item | None, update: str | None = None) -> None:
        """Refuse a write to an item, or to none. Raises ClientError."""
        check_mentioned(_mentioned_by_write(update, self.condition), self.names, self.values)
        if not holds(self.condition, item, self.names, self.values):
            shown = {"Item": {**item}} if item is not None and self.returned == "ALL_OLD" else {}
            message = "The conditional request failed"
            raise failed("ConditionalCheckFailedException", message, **shown)


def holds(text: str | None, item: Item | None, names: Names, values: Values) -> bool:
    """Tell whether a condition holds for an item, or for none."""
    return text is None or bool(parse_condition(text).run(item or NONE, names, values))


def check_mentioned(mentioned: frozenset[str], names: Names, values: Values) -> None:
    """Refuse names and values that are missing or not used. Raises ClientError."""
    given = {*names, *values}
    if mentioned == given:
        return
    if missing := sorted(mentioned - given):
        what = "name" if missing[0].startswith("#") else "value"
        raise refused(
            f"An expression attribute {what} used in expression is not defined: {missing}"
        )
    unused = sorted(given - mentioned)
    what = "Names" if unused[0].startswith("#") else "Values"
    raise refused(f"Value provided in ExpressionAttribute{what} unused in expressions: {unused}")


@cache
def _mentioned_by_write(update: str | None, condition: str | None) -> frozenset[str]:
    found = frozenset[str]() if update is None else parse_update(update).mentioned
    return found if condition is None else found | parse_condition(condition).mentioned


@cache
def mentioned_by_read(key: str | None, where: str | None, columns: str | None) -> frozenset[str]:
    """Return the names and values of a query's or scan's expressions."""
    found = _mentioned_by_write(None, key) | _mentioned_by_write(None, where)
    return found | {each for each in _split(columns or "") if each.startswith("#")}


@cache
def _split(projection: str) -> tuple[str, ...]:
    """Return the attributes that a projection names; those inside another are left to AWS."""
    tokens = Tokens(projection)
    columns: list[str] = []
    while tokens.peek():
        [name, *inside] = read_path(tokens)
        if inside:
            raise NotImplementedError(f"a path in a projection: {projection}")
        columns.append(str(name))
        if tokens.peek():
            tokens.take(",")
    return tuple(columns)


def project(text: str | None, item: Item, names: Names) -> dict[str, Any]:
    """Return an item, or the attributes of it that are asked for."""
    if text is None:
        return {**item}
    wanted = [names[each] if each.startswith("#") else each for each in _split(text)]
    return {name: item[name] for name in wanted if name in item}


def answer_write(
    wanted: str, old: Item | None, new: Item | None, touched: list[str]
) -> dict[str, Any]:
    """Return what a write answers, by its `ReturnValues`."""
    source = old if wanted in ("ALL_OLD", "UPDATED_OLD") else new
    if wanted == "NONE" or source is None:
        return {}
    if wanted.startswith("ALL"):
        return {"Attributes": {**source}}
    return {"Attributes": {name: source[name] for name in touched if name in source}}
