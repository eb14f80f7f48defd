"""What a catalog answers about an entry whose status another release wrote."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from lib.adapters.aws.dynamodb_catalog import DynamoCatalog
from lib.adapters.local.memory_catalog import MemoryCatalog
from lib.domain.asset import OTHER_RELEASE_SECONDS, AssetStatus, ClaimState, CommitState
from lib.domain.keys import asset_id
from lib.domain.ports import Catalog
from tests.support.catalog_cases import NEW, OLD, PASSING, READY, create_table, record, upload
from tests.support.fakes import ManualClock

ID = asset_id("uploads", "a b.jpg")
ARCHIVED = AssetStatus("ARCHIVED")


@pytest.fixture(params=["memory", "dynamodb"])
def catalog(request: pytest.FixtureRequest) -> Iterator[Catalog]:
    """Return a catalog whose one entry is claimed, and has then been given another status."""
    with mock_aws():
        client: Any = boto3.client("dynamodb", region_name="eu-west-1")
        dynamo = DynamoCatalog(client, create_table(client), ManualClock())
        memory = MemoryCatalog(ManualClock())
        made = dynamo if request.param == "dynamodb" else memory
        record(made, upload(OLD))
        made.claim(upload(OLD), lease_seconds=60, token="held")
        client.update_item(
            TableName=dynamo._table,
            Key={"pk": {"S": ID}},
            UpdateExpression="SET #status = :status",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":status": {"S": ARCHIVED}},
        )
        if made is memory:
            entry = memory._entries[ID]
            memory._entries[ID] = replace(entry, asset=replace(entry.asset, status=ARCHIVED))
        yield made


def test_its_upload_waits_for_that_release(catalog: Catalog) -> None:
    claim = catalog.claim(upload(OLD), lease_seconds=60)
    assert (claim.state, claim.attempts) == (ClaimState.BUSY, 1)
    assert claim.busy_for == OTHER_RELEASE_SECONDS
    assert not catalog.transfer_lease(upload(OLD), "an-execution", lease_seconds=60)


def test_nobody_ends_it(catalog: Catalog) -> None:
    before = catalog.get(ID)
    assert catalog.commit(upload(OLD), "held", READY) is CommitState.LEASE_LOST
    assert catalog.release(upload(OLD), "held", PASSING) is CommitState.LEASE_LOST
    catalog.progress(upload(OLD), "held", 7)
    assert catalog.get(ID) == before


def test_a_newer_version_takes_its_place(catalog: Catalog) -> None:
    assert record(catalog, upload(NEW)) is None
    assert catalog.claim(upload(OLD), lease_seconds=60).state is ClaimState.STALE
    assert catalog.claim(upload(NEW), lease_seconds=60).state is ClaimState.CLAIMED
