"""The model's DynamoDB answers as moto's does, and the items are the same, whatever is called."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from tests.robustness.model.aws.dynamodb import DynamoDB
from tests.support.catalog_cases import (
    create_table,
)
from tests.support.two_tables import Both, Quiet


@pytest.fixture(scope="module")
def moto() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("dynamodb", region_name="eu-west-1")


@pytest.fixture
def both(moto: Any) -> Both:
    table = create_table(moto)
    return Both(moto, DynamoDB.of(Quiet(), catalog=table, budget="budget"), table)


CONDITIONS = (
    "attribute_exists(#a)",
    "attribute_not_exists(#m.#b)",
    "#a = :one",
    "#a <> :one",
    "#a = :again",
    "#a <> :again",
    "NOT #a = :one AND #s < :text",
    "#a = :one OR #a = :two AND #s = :text",
    "(#a = :one OR #a = :two) AND #s = :text",
    "#a BETWEEN :one AND :two",
    "#s IN (:text, :one)",
    "#m.#b >= :one",
    "size(#s) > :one",
    "size(#l) = :two",
    "begins_with(#s, :text)",
    "contains(#s, :text)",
    "contains(#l, :one)",
    "attribute_type(#a, :kind)",
    "#l[0] = :one",
    "#l[1] = :one",
    "#a < #m.#b",
    "#s < :one",
)
UPDATES = (
    "SET #a = :one",
    "SET #a = #a + :one",
    "SET #a = if_not_exists(#a, :two) - :one",
    "SET #s = :text, #a = :two REMOVE #l",
    "SET #m = :map",
    "SET #m.#b = :two",
    "SET #l = :list",
    "SET #l = list_append(#l, :list)",
    "SET #l = list_append(if_not_exists(#l, :list), :list)",
    "SET #l[0] = :one",
    "SET #l[9] = :two",
    "REMOVE #l[0]",
    "REMOVE #m.#b",
    "REMOVE #a, #s",
    "ADD #a :two",
    "ADD #a :one SET #s = :text",
    "SET #a = #s",
)
VALUES = {
    ":one": {"N": "1"},
    ":two": {"N": "2.50"},
    ":again": {"N": "2.5"},
    ":text": {"S": "text"},
    ":kind": {"S": "N"},
    ":map": {"M": {"b": {"N": "1"}, "c": {"S": "x"}}},
    ":list": {"L": [{"N": "1"}, {"S": "y"}]},
}


def mentioned(update: str, condition: str | None) -> dict[str, Any]:
    """Return the names and values of the expressions, as a request has to have them."""
    text = f"{update} {condition or ''}"
    names = {each: each[1:] for each in ("#a", "#b", "#s", "#m", "#l") if each in text}
    values = {each: value for each, value in VALUES.items() if each in text}
    return {
        **({"ExpressionAttributeNames": names} if names else {}),
        **({"ExpressionAttributeValues": values} if values else {}),
        **({"ConditionExpression": condition} if condition else {}),
    }


@pytest.mark.parametrize("seed", range(6))
def test_odd_expressions_mean_the_same(both: Both, seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(80):
        key, update = {"pk": {"S": rng.choice("xy")}}, rng.choice(UPDATES)
        condition = rng.choice((None, *CONDITIONS))
        returned = {"ReturnValues": rng.choice(("NONE", "ALL_OLD", "ALL_NEW"))}
        on_failure = {"ReturnValuesOnConditionCheckFailure": rng.choice(("NONE", "ALL_OLD"))}
        with suppress(ClientError):
            both.update_item(
                TableName=both.table,
                Key=key,
                UpdateExpression=update,
                **returned,
                **(on_failure if condition else {}),
                **mentioned(update, condition),
            )
    assert both.refusals > 10


def test_whole_items_are_put_deleted_and_read_the_same(both: Both) -> None:
    item = {"pk": {"S": "x"}, "status": {"S": "READY"}, "n": {"N": "1"}}
    key, table = {"pk": {"S": "x"}}, both.table
    absent = {"ConditionExpression": "attribute_not_exists(pk)"}
    both.put_item(TableName=table, Item=item, **absent)
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        both.put_item(TableName=table, Item=item, **absent)
    both.put_item(TableName=table, Item={**item, "n": {"N": "2"}}, ReturnValues="ALL_OLD")
    both.get_item(TableName=table, Key=key, ConsistentRead=True, ProjectionExpression="n, z")
    asked = {table: {"Keys": [key, {"pk": {"S": "y"}}]}}
    assert both.batch_get_item(RequestItems=asked)["Responses"][table]
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        both.delete_item(
            TableName=table,
            Key=key,
            ConditionExpression="#n = :n",
            ExpressionAttributeNames={"#n": "n"},
            ExpressionAttributeValues={":n": {"N": "1"}},
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    both.delete_item(TableName=table, Key=key, ReturnValues="ALL_OLD")
    assert both.get_item(TableName=table, Key=key).keys() == {"ResponseMetadata"}


@pytest.mark.parametrize(
    "request_",
    [
        {"UpdateExpression": "SET a = :unknown"},
        {"UpdateExpression": "SET a"},
        {"UpdateExpression": "SET a = b SET c = d"},
        {"UpdateExpression": "SET pk = :v", "ExpressionAttributeValues": {":v": {"S": "z"}}},
        {
            "UpdateExpression": "SET a = :v, a = :v",
            "ExpressionAttributeValues": {":v": {"S": "z"}},
        },
        {
            "UpdateExpression": "SET a = :v",
            "ExpressionAttributeValues": {":v": {"S": "z"}, ":w": {"S": "z"}},
        },
        {"UpdateExpression": "REMOVE a", "ExpressionAttributeNames": {"#b": "b"}},
    ],
)
def test_what_is_no_request_is_refused_by_both(both: Both, request_: dict[str, Any]) -> None:
    with pytest.raises(ClientError, match="ValidationException"):
        both.update_item(TableName=both.table, Key={"pk": {"S": "x"}}, **request_)


def test_an_index_takes_texts_only_which_moto_does_not_check(both: Both) -> None:
    with pytest.raises(ClientError, match="Type mismatch for Index Key status"):
        both.model.update_item(
            TableName=both.table,
            Key={"pk": {"S": "x"}},
            UpdateExpression="SET #status = :v",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":v": {"N": "1"}},
        )


def test_pages_of_a_query_and_a_scan_are_the_same_together(both: Both) -> None:
    for number in range(9):
        item = {"pk": f"{number * 7 % 9}", "status": "READY", "updated_at": f"{number // 2}"}
        both.put_item(TableName=both.table, Item={k: {"S": v} for k, v in item.items()})
    both.put_item(TableName=both.table, Item={"pk": {"S": "no index"}})
    both.model.page_items = 2
    for later in ("", " AND updated_at > :low", " AND updated_at BETWEEN :low AND :high"):
        values = {":low": {"S": "1"}, ":high": {"S": "3"}}
        asked = {
            "TableName": both.table,
            "IndexName": "by-status",
            "KeyConditionExpression": f"#status = :status{later}",
            "ExpressionAttributeNames": {"#status": "status"},
            "ExpressionAttributeValues": {
                ":status": {"S": "READY"},
                **{name: value for name, value in values.items() if name in later},
            },
        }
        for forward in (True, False):
            pages = both.get_paginator("query").paginate(**asked, ScanIndexForward=forward)
            assert [item for page in pages for item in page["Items"]]
    wanted = {
        "FilterExpression": "attribute_exists(updated_at) AND updated_at >= :low",
        "ExpressionAttributeValues": {":low": {"S": "2"}},
        "ProjectionExpression": "pk",
    }
    scanned = [*both.get_paginator("scan").paginate(TableName=both.table, **wanted)]
    assert sum(len(page["Items"]) for page in scanned) == 5
