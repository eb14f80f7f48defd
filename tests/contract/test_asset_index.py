"""The catalog's two indexes, the same in memory and in DynamoDB; and what fills them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from lib.adapters.aws.dynamodb_catalog import DynamoCatalog
from lib.adapters.aws.dynamodb_index import DynamoIndex
from lib.adapters.aws.dynamodb_table import BY_STATUS
from lib.adapters.local.memory_catalog import MemoryCatalog
from lib.application.doors.listing import AssetQuery, list_assets
from lib.application.doors.ports import AssetIndex
from lib.domain.asset import AssetStatus
from lib.domain.caller import Caller
from lib.domain.errors import ErrorCode, TransientError
from lib.domain.events import Source
from lib.domain.keys import folder_of
from lib.domain.ports import Catalog
from tests.support.catalog_cases import NEW, NEWER, create_table, record, removal, upload
from tests.support.fakes import ManualClock
from tests.support.library import MemoryIndex


@pytest.fixture(scope="module")
def dynamodb() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("dynamodb", region_name="eu-west-1")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(params=["memory", "dynamodb"])
def stored(request: pytest.FixtureRequest, clock: ManualClock) -> tuple[Catalog, AssetIndex]:
    if request.param == "memory":
        catalog = MemoryCatalog(clock)
        return catalog, MemoryIndex(catalog)
    client = request.getfixturevalue("dynamodb")
    table = create_table(client)
    return DynamoCatalog(client, table, clock), DynamoIndex(client, table)


def put(catalog: Catalog, clock: ManualClock, *keys: str) -> None:
    for key in keys:
        clock.now += 1
        record(catalog, upload(NEW, source=Source("uploads", key, "v", "e", 1)))


def keys(index: AssetIndex, folder: str, until: str | None = None, page_size: int = 2) -> list[str]:
    found = index.of_folder(folder, until=until, page_size=page_size)
    return [each.source.key for each in found]


def test_a_folder_has_its_keys_the_last_changed_first(
    stored: tuple[Catalog, AssetIndex], clock: ManualClock
) -> None:
    catalog, index = stored
    put(catalog, clock, "a/1", "b/1", "a/x/2", "a", "/a", "/a/3", "A/4", "a/5", "a/6")
    assert keys(index, "a") == ["a/6", "a/5", "a/x/2", "a/1"]
    assert keys(index, "none") == []


def test_a_folder_is_read_from_a_moment_on_that_moment_too(
    stored: tuple[Catalog, AssetIndex], clock: ManualClock
) -> None:
    catalog, index = stored
    put(catalog, clock, "a/1", "a/2", "a/3")
    [_, second, _] = index.of_folder("a", until=None, page_size=1)
    assert keys(index, "a", second.updated_at) == ["a/2", "a/1"]
    found = index.of_status(AssetStatus.RECEIVED, until=second.updated_at, page_size=1)
    assert [each.source.key for each in found] == ["a/2", "a/1"]
    everything = index.of_status(AssetStatus.RECEIVED, until=None, page_size=100)
    assert [each.source.key for each in everything] == ["a/3", "a/2", "a/1"]


def test_each_kind_of_receipt_is_in_its_folder(
    stored: tuple[Catalog, AssetIndex], clock: ManualClock
) -> None:
    catalog, index = stored
    put(catalog, clock, "a/1")
    removed = replace(removal(NEWER), source=Source("uploads", "a/1", "v", "e", 1))
    record(catalog, removed)
    assert [each.status for each in index.of_folder("a", until=None, page_size=5)] == ["DELETED"]


def test_a_list_is_read_page_by_page_and_no_more_than_it_needs(
    dynamodb: Any, clock: ManualClock
) -> None:
    table = create_table(dynamodb)
    catalog = DynamoCatalog(dynamodb, table, clock)
    put(catalog, clock, *(f"a/{number}" for number in range(20)))
    asked: list[Any] = []

    class Counting:
        def get_paginator(self, name: str) -> Any:
            real = dynamodb.get_paginator(name)

            class Pages:
                def paginate(self, **how: Any) -> Any:
                    for page in real.paginate(**how):
                        asked.append(len(page["Items"]))
                        yield page

            return Pages()

    index = DynamoIndex(Counting(), table)  # type: ignore[arg-type]
    page = list_assets(AssetQuery(prefix="a/", limit=3), Caller(), index, "uploads")
    assert [each.source.key for each in page.assets] == ["a/19", "a/18", "a/17"]
    assert asked == [5]


def test_entries_of_releases_before_are_put_into_their_folder_by_the_next_write(
    dynamodb: Any, clock: ManualClock
) -> None:
    table = create_table(dynamodb)
    catalog, index = DynamoCatalog(dynamodb, table, clock), DynamoIndex(dynamodb, table)
    put(catalog, clock, "a/1")
    [asset] = index.of_folder("a", until=None, page_size=5)
    key = {"pk": {"S": asset.asset_id}}
    dynamodb.update_item(TableName=table, Key=key, UpdateExpression="REMOVE folder")
    assert keys(index, "a") == []
    old = catalog.get(asset.asset_id)
    assert old is not None
    assert (old.folder, folder_of(old.source.key)) == (None, "a")
    assert catalog.reopen(old)
    assert keys(index, "a") == ["a/1"]


def test_entries_of_releases_before_are_put_into_their_folder_where_they_stand(
    stored: tuple[Catalog, AssetIndex], clock: ManualClock
) -> None:
    catalog, index = stored
    put(catalog, clock, "a/1", "a/2", "3")
    for asset in index.of_status(AssetStatus.RECEIVED, until=None, page_size=5):
        clock.now += 1
        assert catalog.index(asset) is (asset.folder is not None)
        assert catalog.get(asset.asset_id) == asset, "nothing else of it changes"
        assert not catalog.index(replace(asset, updated_at="2026-01-01T00:00:00.000Z"))
    assert keys(index, "a") == ["a/2", "a/1"]
    with_none = Source("uploads", "none", "v", "e", 1)
    assert not catalog.index(replace(asset, source=with_none, asset_id="0" * 32))


@pytest.mark.parametrize("key", ["a", "/a", ""])
def test_what_lies_in_no_folder_has_none_for_dynamodb_takes_no_empty_keys(
    stored: tuple[Catalog, AssetIndex], clock: ManualClock, key: str
) -> None:
    catalog, index = stored
    put(catalog, clock, key)
    [asset] = index.of_status(AssetStatus.RECEIVED, until=None, page_size=5)
    assert asset.folder is None


def test_what_the_table_refuses_may_pass() -> None:
    class Refusing:
        def get_paginator(self, _: str) -> Any:
            return self

        def paginate(self, **_: Any) -> Any:
            yield from self.refuse()

        def refuse(self) -> Any:
            raise ClientError({"Error": {"Code": "ThrottlingException"}}, "Query")

    index = DynamoIndex(Refusing(), "t")  # type: ignore[arg-type]
    with pytest.raises(TransientError) as raised:
        list(index.of_folder("a", until=None, page_size=1))
    assert raised.value.code is ErrorCode.THROTTLED
    assert BY_STATUS == "by-status"
