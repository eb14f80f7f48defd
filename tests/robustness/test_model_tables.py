"""What moto can't tell of the model's DynamoDB: its streams, its expiry, and its errors."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from lib.adapters.aws.dynamodb_catalog import DynamoCatalog
from lib.adapters.aws.dynamodb_items import read_changes
from lib.domain.asset import TOMBSTONE_SECONDS, AssetStatus
from lib.domain.errors import MediaError
from tests.robustness.model.aws.dynamodb import DynamoDB
from tests.support.catalog_cases import NEW, OLD, upload
from tests.support.fakes import ManualClock
from tests.support.two_tables import Quiet

CATALOG, BUDGET = "catalog", "budget"


@pytest.fixture
def records() -> list[dict[str, Any]]:
    return []


@pytest.fixture
def dynamodb(records: list[dict[str, Any]]) -> DynamoDB:
    made = DynamoDB.of(Quiet(), catalog=CATALOG, budget=BUDGET)
    made.on_change = lambda table, record: records.append({"table": table, **record})
    return made


def put(dynamodb: DynamoDB, **attributes: Any) -> None:
    dynamodb.put_item(TableName=CATALOG, Item={"pk": {"S": "x"}, **attributes})


def test_each_change_is_a_record_with_both_images(
    dynamodb: DynamoDB, records: list[dict[str, Any]]
) -> None:
    put(dynamodb, n={"N": "1"})
    put(dynamodb, n={"N": "1"})  # changes nothing, and is no record
    put(dynamodb, n={"N": "2"})
    dynamodb.delete_item(TableName=CATALOG, Key={"pk": {"S": "x"}})
    dynamodb.delete_item(TableName=CATALOG, Key={"pk": {"S": "x"}})
    assert [each["eventName"] for each in records] == ["INSERT", "MODIFY", "REMOVE"]
    images = [
        tuple(each["dynamodb"].get(name, {}).get("n") for name in ("OldImage", "NewImage"))
        for each in records
    ]
    assert images == [(None, {"N": "1"}), ({"N": "1"}, {"N": "2"}), ({"N": "2"}, None)]
    numbers = [each["dynamodb"]["SequenceNumber"] for each in records]
    assert numbers == sorted({*numbers})


def test_records_are_what_the_stream_functions_read(
    dynamodb: DynamoDB, records: list[dict[str, Any]]
) -> None:
    catalog = DynamoCatalog(dynamodb, CATALOG, ManualClock())  # type: ignore[arg-type]
    event = upload(OLD)
    catalog.receive(event)
    catalog.claim(event, lease_seconds=60)
    unreadable: list[MediaError] = []
    first, second = read_changes({"Records": records}, unreadable.append)
    assert unreadable == []
    assert first.new is not None
    assert first.old is None
    assert second.new is not None
    assert (second.old, second.new.status) == (first.new, AssetStatus.PROCESSING)


def test_what_a_record_holds_does_not_change_later(
    dynamodb: DynamoDB, records: list[dict[str, Any]]
) -> None:
    put(dynamodb, m={"M": {"a": {"N": "1"}}})
    dynamodb.update_item(
        TableName=CATALOG,
        Key={"pk": {"S": "x"}},
        UpdateExpression="SET m.a = :v, b = :v",
        ExpressionAttributeValues={":v": {"N": "2"}},
    )
    assert records[0]["dynamodb"]["NewImage"] == {"pk": {"S": "x"}, "m": {"M": {"a": {"N": "1"}}}}
    assert records[1]["dynamodb"]["OldImage"] == records[0]["dynamodb"]["NewImage"]


def test_a_tombstone_expires_and_says_by_whom(
    dynamodb: DynamoDB, records: list[dict[str, Any]]
) -> None:
    clock = ManualClock()
    catalog = DynamoCatalog(dynamodb, CATALOG, clock)  # type: ignore[arg-type]
    catalog.remove(upload(NEW))
    dynamodb.expire(CATALOG, clock.now + TOMBSTONE_SECONDS)
    assert len(records) == 1
    dynamodb.expire(CATALOG, clock.now + TOMBSTONE_SECONDS + 1)
    assert records[1]["eventName"] == "REMOVE"
    assert records[1]["userIdentity"]["principalId"] == "dynamodb.amazonaws.com"
    assert dynamodb.items(CATALOG) == {}


def test_a_condition_that_fails_writes_nothing_and_shows_the_item(
    dynamodb: DynamoDB, records: list[dict[str, Any]]
) -> None:
    put(dynamodb, n={"N": "1"})
    with pytest.raises(ClientError) as caught:
        dynamodb.update_item(
            TableName=CATALOG,
            Key={"pk": {"S": "x"}},
            UpdateExpression="SET n = :v",
            ConditionExpression="n > :v",
            ExpressionAttributeValues={":v": {"N": "3"}},
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    response: dict[str, Any] = {**caught.value.response}
    assert response["Error"]["Code"] == "ConditionalCheckFailedException"
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert response["Item"]["n"] == {"N": "1"}
    assert len(records) == 1


@pytest.mark.parametrize("condition", ["((n = :v))", "n = = :v", "n", "(n = :v", "n = :v )", "%"])
def test_what_is_no_condition_is_refused(dynamodb: DynamoDB, condition: str) -> None:
    with pytest.raises(ClientError, match="ValidationException"):
        dynamodb.update_item(
            TableName=CATALOG,
            Key={"pk": {"S": "x"}},
            UpdateExpression="SET n = :v",
            ConditionExpression=condition,
            ExpressionAttributeValues={":v": {"N": "3"}},
        )


def test_an_unknown_argument_or_table_is_an_error(dynamodb: DynamoDB) -> None:
    with pytest.raises(TypeError):
        dynamodb.get_item(TableName=CATALOG, Key={"pk": {"S": "x"}}, Consistent=True)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        dynamodb.put_item(TableName=CATALOG, Item={"pk": {"S": "x"}}, Expected={})
    with pytest.raises(ClientError, match="ResourceNotFound"):
        dynamodb.get_item(TableName="another", Key={"pk": {"S": "x"}})
