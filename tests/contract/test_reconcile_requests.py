"""What comparing costs: the requests of a round, counted for each asset, and their price."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from lib.adapters.aws import dynamodb_entries
from lib.adapters.aws.dynamodb_catalog import DynamoCatalog
from lib.adapters.aws.dynamodb_entries import DynamoEntries
from lib.adapters.aws.s3 import S3Renditions, S3Sources
from lib.adapters.aws.s3_listings import S3Folders, S3Uploads
from lib.application.reconcile.findings import Ages
from lib.application.reconcile.stores import Stores
from lib.application.reconcile.survey import FULL, QUICK, Position, survey
from lib.domain.asset import AssetStatus, Outcome
from lib.domain.events import Action, ObjectEvent
from lib.domain.keys import manifest_key, rendition_key
from lib.domain.renditions import Rendition, RenditionKind
from tests.support.catalog_cases import create_table
from tests.support.fakes import RecordingTopic, received

ASSETS, OBJECTS = 40, 16
"""A photo has 15 renditions and a manifest, with the default presets."""

SCALE = 50
"""Answers hold so much less here than on AWS."""

COSTS = Path(__file__).parents[2] / "docs/costs.md"
HUNDRED_THOUSAND = 100_000
LIST, GET, READ_UNIT = 0.005 / 1000, 0.0004 / 1000, 0.125 / 1_000_000
"""Dollars of a LIST, of a GET or HEAD, and of a read request unit on demand, in us-east-1."""

ITEM_UNITS = 0.5
"""Of an item up to 4 KB, read eventually: a photo's has about 3.5."""


class Counting:
    """A client that counts its calls, and whose listings are short."""

    def __init__(self, client: Any, counted: Counter[str]) -> None:
        self._client = client
        self._counted = counted

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)

        def counting(**arguments: Any) -> Any:
            self._counted[name] += 1
            if name.startswith("list_"):
                arguments |= {"MaxKeys": 1000 // SCALE}
            return call(**arguments)

        return counting


@pytest.fixture
def counted() -> Counter[str]:
    return Counter()


@pytest.fixture
def stores(monkeypatch, counted):
    """A stage with photos that are all right."""
    with mock_aws():
        s3: Any = boto3.client("s3", region_name="us-east-1")
        dynamodb: Any = boto3.client("dynamodb", region_name="us-east-1")
        for bucket in ("uploads", "renditions"):
            s3.create_bucket(Bucket=bucket)
        versions = {"Status": "Enabled"}
        s3.put_bucket_versioning(Bucket="uploads", VersioningConfiguration=versions)
        table = create_table(dynamodb)
        catalog = DynamoCatalog(dynamodb, table, lambda: 1_000_000_000.0)
        for number in range(ASSETS):
            make(s3, catalog, f"{number}.jpg")
        monkeypatch.setattr(dynamodb_entries, "SCANNED", dynamodb_entries.SCANNED // SCALE)
        monkeypatch.setattr(dynamodb_entries, "BATCH", dynamodb_entries.BATCH // SCALE)
        s3, dynamodb = Counting(s3, counted), Counting(dynamodb, counted)
        yield Stores(
            S3Uploads(s3, "uploads"),
            S3Folders(s3, "renditions"),
            DynamoEntries(dynamodb, table),
            S3Sources(s3),
            S3Renditions(s3, "renditions"),
            DynamoCatalog(dynamodb, table),
            RecordingTopic(),
        )


def make(s3: Any, catalog: DynamoCatalog, key: str) -> None:
    """Do what dispatch and a processor do with a photo."""
    s3.put_object(Bucket="uploads", Key=key, Body=b"photo")
    source = S3Sources(s3).current_version("uploads", key)
    assert source is not None
    event = received(ObjectEvent(Action.CREATED, source, "0" * 16))
    catalog.receive(event)
    lease = catalog.claim(event, lease_seconds=60).lease_token
    assert lease
    keys = [rendition_key(source, event.sequencer, "recipe", f"{n}") for n in range(OBJECTS - 1)]
    listed = manifest_key(source, event.sequencer, "recipe")
    for each in (*keys, listed):
        s3.put_object(Bucket="renditions", Key=each, Body=b"1")
    renditions = tuple(
        Rendition(each.rpartition("/")[2], RenditionKind.IMAGE, "image/webp", each, bytes=1)
        for each in keys
    )
    made = Outcome(AssetStatus.READY, renditions=renditions, manifest_key=listed)
    catalog.commit(event, lease, made)


def count(stores, phases):
    """Run a round over a stage where nothing is wrong; return how much it looked at."""
    position: Position | None = Position()
    looked = 0
    ages = Ages(orphan=0, receipt=0, lease=0)
    while position:
        step = survey(position, stores, ages, phases)
        assert step.findings == ()
        looked += step.looked
        position = step.position
    return looked


def test_a_quick_round_lists_uploads_and_reads_their_entries(stores, counted):
    assert count(stores, QUICK) == ASSETS
    assert counted == {
        "query": 2,
        "list_object_versions": SCALE * ASSETS / 1000,
        "batch_get_item": SCALE * ASSETS / 100,
    }


def test_a_full_round_asks_twice_for_each_asset_and_lists_every_object(stores, counted):
    assert count(stores, FULL) == 3 * ASSETS
    assert counted["head_object"] == 2 * ASSETS
    assert counted["scan"] == pytest.approx(SCALE * ASSETS / 200, abs=1)
    # The folder that an answer breaks off is listed once more.
    assert counted["list_objects_v2"] <= SCALE * ASSETS * OBJECTS / 1000 * 5
    assert set(counted) == {
        "query",
        "list_object_versions",
        "batch_get_item",
        "scan",
        "head_object",
        "list_objects_v2",
    }


def test_the_prices_are_those_that_the_documentation_says():
    quick = HUNDRED_THOUSAND * (LIST / 1000 + ITEM_UNITS * READ_UNIT)
    whole_folders = 1000 - OBJECTS / 2  # of an answer, on average
    full = HUNDRED_THOUSAND * (
        2 * ITEM_UNITS * READ_UNIT + 2 * GET + OBJECTS / whole_folders * LIST
    )
    month = 30 * (24 * quick + full)
    rows = [line for line in COSTS.read_text().splitlines() if "round" in line and "| " in line]
    said = [float(line.split("|")[3].strip(" *")) for line in rows]
    assert said == [round(quick, 3), round(full, 2), round(month, 1)]
