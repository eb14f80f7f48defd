"""An entry's revision: each write that goes through makes it greater, whoever writes what."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from lib.adapters.aws.budgeted_catalog import BudgetedCatalog
from lib.adapters.aws.dynamodb_catalog import DynamoCatalog
from lib.adapters.local.memory_catalog import MemoryCatalog
from lib.application.daily_budget import Budget
from lib.domain.asset import TOMBSTONE_SECONDS
from lib.domain.errors import ErrorCode, TransientError
from lib.domain.keys import asset_id
from lib.domain.ports import Catalog
from tests.support.catalog_cases import (
    NEW,
    NEWER,
    OLD,
    PASSING,
    PERMANENT,
    READY,
    create_table,
    record,
    removal,
    upload,
)
from tests.support.fakes import ManualClock

ID = asset_id("uploads", "a b.jpg")


@pytest.fixture(scope="module")
def dynamodb() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("dynamodb", region_name="eu-west-1")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(params=["memory", "dynamodb"])
def catalog(request: pytest.FixtureRequest, clock: ManualClock) -> Catalog:
    if request.param == "memory":
        return MemoryCatalog(clock)
    client = request.getfixturevalue("dynamodb")
    return DynamoCatalog(client, create_table(client), clock)


def revision(catalog: Catalog) -> int:
    asset = catalog.get(ID)
    return asset.revision if asset else 0


def reopen(catalog: Catalog) -> None:
    asset = catalog.get(ID)
    assert asset is not None
    assert catalog.reopen(asset)


def test_each_write_is_one_more_than_the_one_before(catalog: Catalog, clock: ManualClock) -> None:
    event = upload(NEW)
    writes: list[Callable[[], object]] = [
        lambda: record(catalog, upload(OLD), PERMANENT),
        lambda: record(catalog, event),
        lambda: catalog.claim(event, lease_seconds=60, token="held"),
        lambda: catalog.progress(event, "held", 40),
        lambda: catalog.release(event, "held", PASSING),
        lambda: catalog.claim(event, lease_seconds=60),
        lambda: catalog.transfer_lease(event, "a-b", lease_seconds=60),
        lambda: catalog.commit(event, "a-b", READY),
        lambda: reopen(catalog),
        lambda: record(catalog, removal(NEWER)),
    ]
    for number, write in enumerate(writes, 1):
        write()
        assert revision(catalog) == int(clock.now) * 1000 + number


def test_what_is_refused_leaves_it(catalog: Catalog) -> None:
    record(catalog, upload(NEW))
    catalog.claim(upload(NEW), lease_seconds=60, token="held")
    catalog.progress(upload(NEW), "held", 40)
    before = revision(catalog)
    catalog.progress(upload(NEW), "held", 20)
    catalog.claim(upload(NEW), lease_seconds=60)
    catalog.commit(upload(NEW), "another", READY)
    catalog.receive(upload(NEWER))
    assert revision(catalog) == before


def test_a_clock_that_goes_back_does_not_take_it_along(
    catalog: Catalog, clock: ManualClock
) -> None:
    record(catalog, upload(OLD))
    before = revision(catalog)
    clock.now -= 3600
    record(catalog, upload(NEW))
    assert revision(catalog) == before + 1


def test_an_entry_that_was_forgotten_begins_above_where_it_ended(
    dynamodb: Any, clock: ManualClock
) -> None:
    catalog = DynamoCatalog(dynamodb, table := create_table(dynamodb), clock)
    record(catalog, upload(OLD))
    record(catalog, removal(NEW))
    before = revision(catalog)
    clock.now += TOMBSTONE_SECONDS
    dynamodb.delete_item(TableName=table, Key={"pk": {"S": ID}})
    record(catalog, upload(NEWER))
    assert revision(catalog) == int(clock.now) * 1000 + 1 > before


def test_an_entry_of_an_earlier_release_gets_one_with_its_next_write(
    dynamodb: Any, clock: ManualClock
) -> None:
    catalog = DynamoCatalog(dynamodb, table := create_table(dynamodb), clock)
    record(catalog, upload(NEW))
    dynamodb.update_item(TableName=table, Key={"pk": {"S": ID}}, UpdateExpression="REMOVE revision")
    assert revision(catalog) == 0
    catalog.claim(upload(NEW), lease_seconds=60, token="held")
    assert revision(catalog) == int(clock.now) * 1000 + 1
    catalog.commit(upload(NEW), "held", READY)
    assert revision(catalog) == int(clock.now) * 1000 + 2


class Spent(Budget):
    """A budget of which nothing is left."""

    def refusal(self) -> TransientError | None:
        return TransientError(ErrorCode.BUDGET_SPENT, "spent")


def test_an_upload_that_waits_for_its_budget_is_written_too(
    dynamodb: Any, clock: ManualClock
) -> None:
    budget: Any = Spent(None, 1, 60)  # type: ignore[arg-type]
    catalog = BudgetedCatalog(dynamodb, create_table(dynamodb), budget, 512, clock)
    record(catalog, upload(NEW))
    before = revision(catalog)
    with pytest.raises(TransientError):
        catalog.claim(upload(NEW), lease_seconds=60)
    assert revision(catalog) == before + 1
