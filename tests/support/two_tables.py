"""One DynamoDB beside another: moto's, and the model's, which has to answer alike."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from botocore.exceptions import ClientError

from tests.robustness.model.aws.dynamodb import DynamoDB
from tests.support.fakes import ManualClock


@dataclass
class Quiet:
    """A world in which each call goes through."""

    now: float = ManualClock.now
    random: random.Random = field(default_factory=lambda: random.Random(1))

    def call(self, service: str, operation: str, do: Any) -> Any:
        return do()

    def at(self, when: float, do: Any) -> None:
        raise AssertionError("nothing is to be done later")


@dataclass
class Both:
    """A client that asks both, and fails where they differ."""

    moto: Any
    model: DynamoDB
    table: str
    calls: int = 0
    refusals: int = 0

    def __getattr__(self, operation: str) -> Any:
        def call(**arguments: Any) -> Any:
            self.calls += 1
            try:
                expected, refusal = answer(getattr(self.moto, operation), arguments)
            except (TypeError, ValueError):  # moto chokes on what is absent, or of another type
                return {}
            found, refused = answer(getattr(self.model, operation), arguments)
            asked = f"{operation} {arguments}"
            assert error(refused) == error(refusal), asked
            if arguments.get("ReturnValues") == "UPDATED_NEW":
                # moto has the key of what is new, and leaves out what is written as it was.
                expected["Attributes"].pop("pk", None)
                found["Attributes"] = {
                    name: found["Attributes"][name] for name in expected["Attributes"]
                }
            assert plain(found) == plain(expected), asked
            assert numbers(self.model.items(self.table)) == numbers(self.stored()), asked
            if refusal is not None:
                self.refusals += 1
                raise refusal
            return expected

        return call

    def get_paginator(self, operation: str) -> Any:
        pages = [client.get_paginator(operation).paginate for client in (self.moto, self.model)]

        class Pages:
            @staticmethod
            def paginate(**arguments: Any) -> Iterator[Any]:
                moto, model = ([*each(**arguments)] for each in pages)
                items = [
                    [item for page in each for item in page["Items"]] for each in (moto, model)
                ]
                if "ScanIndexForward" in arguments:
                    assert items[0] == items[1]
                assert by_key(items[0]) == by_key(items[1])
                yield from moto

        return Pages()

    def stored(self) -> dict[str, Any]:
        found = self.moto.scan(TableName=self.table)
        assert "LastEvaluatedKey" not in found
        return by_key(found["Items"])


def by_key(items: list[Any]) -> dict[str, Any]:
    return {item["pk"]["S"]: item for item in items}


def answer(call: Any, arguments: Mapping[str, Any]) -> tuple[Any, ClientError | None]:
    try:
        return call(**arguments), None
    except ClientError as exc:
        return {}, exc


def error(exc: ClientError | None) -> Any:
    if exc is None:
        return None
    response: dict[str, Any] = {**exc.response}
    return response["Error"]["Code"], numbers(response.get("Item"))


def plain(response: Mapping[str, Any]) -> dict[str, Any]:
    left_out = ("ResponseMetadata", "ConsumedCapacity")
    return {key: numbers(value) for key, value in response.items() if key not in left_out}


def numbers(value: Any) -> Any:
    """Return the same with each number as one: 1.50 is 1.5."""
    if isinstance(value, dict):
        if value.keys() == {"N"}:
            return Decimal(value["N"])
        return {key: numbers(each) for key, each in value.items()}
    return [numbers(each) for each in value] if isinstance(value, list) else value
