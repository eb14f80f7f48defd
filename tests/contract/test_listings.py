"""What is listed of buckets and of the catalog, against moto's AWS."""

from __future__ import annotations

import csv
import gzip
import io
import json
from typing import Any

import boto3
import pytest
from moto import mock_aws

from lib.adapters.aws import dynamodb_entries, s3_inventory
from lib.adapters.aws.dynamodb_catalog import DynamoCatalog
from lib.adapters.aws.dynamodb_entries import DynamoEntries
from lib.adapters.aws.dynamodb_memory import DynamoMemory
from lib.adapters.aws.s3_inventory import InventoryError, InventoryUploads
from lib.adapters.aws.s3_listings import S3Folders, S3Uploads
from lib.domain.asset import AssetStatus
from lib.domain.clock import to_iso
from lib.domain.errors import TransientError
from lib.domain.events import Source
from lib.domain.keys import asset_id
from lib.domain.listings import Upload
from tests.support.catalog_cases import NEW, create_table, upload
from tests.support.fakes import ManualClock

ODD = "a b/+é"
A, B, C = (letter * 32 for letter in "abc")


@pytest.fixture
def aws():
    with mock_aws():
        yield


@pytest.fixture
def s3(aws):
    client = boto3.client("s3", region_name="us-east-1")
    for bucket in ("uploads", "renditions"):
        client.create_bucket(Bucket=bucket)
    client.put_bucket_versioning(Bucket="uploads", VersioningConfiguration={"Status": "Enabled"})
    return client


@pytest.fixture
def dynamodb(aws):
    return boto3.client("dynamodb", region_name="us-east-1")


class Limited:
    """A client whose listings have so many entries in an answer."""

    def __init__(self, client: Any, size: int) -> None:
        self._client = client
        self._size = size
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)

        def limited(**arguments: Any) -> Any:
            self.asked.append(name)
            if name.startswith("list_"):
                arguments |= {"MaxKeys": self._size}
            return call(**arguments)

        return limited


def limited(client: Any, size: int) -> Any:
    return Limited(client, size)


def every(listing: Any) -> list[Any]:
    """Read all pages."""
    found, after = [], ""
    while after is not None:
        page = listing.page(after)
        found += page.found
        assert page.after != after
        after = page.after
    return found


def put(s3, key, content=b"1"):
    return s3.put_object(Bucket="uploads", Key=key, Body=content).get("VersionId")


class TestUploads:
    @pytest.mark.parametrize("size", [1, 2, 3, 1000])
    def test_are_the_latest_versions_key_by_key(self, s3: Any, size: int) -> None:
        for _ in range(3):
            put(s3, "b", b"old")
        latest = put(s3, "b", b"latest")
        odd = put(s3, ODD)
        put(s3, "c")
        s3.delete_object(Bucket="uploads", Key="c")
        put(s3, "d")
        gone = put(s3, "e")
        s3.delete_object(Bucket="uploads", Key="e", VersionId=gone)
        found = every(S3Uploads(limited(s3, size), "uploads"))
        assert sorted((each.source.key, each.removed) for each in found) == sorted(
            [(ODD, False), ("b", False), ("c", True), ("d", False)]
        )
        by_key = {each.source.key: each.source for each in found}
        assert by_key["b"].version_id == latest
        assert (by_key["b"].size, by_key[ODD].version_id) == (6, odd)
        current = s3.head_object(Bucket="uploads", Key="b")
        assert by_key["b"].etag == current["ETag"].strip('"')

    def test_know_when_they_were_made(self, s3: Any) -> None:
        put(s3, "a")
        made = s3.head_object(Bucket="uploads", Key="a")["LastModified"].timestamp()
        [found] = every(S3Uploads(s3, "uploads"))
        assert found.modified == made

    def test_of_a_bucket_without_versions_are_called_null(self, s3: Any) -> None:
        s3.put_object(Bucket="renditions", Key="a", Body=b"1")
        [found] = every(S3Uploads(s3, "renditions"))
        assert (found.source.version_id, found.removed) == ("null", False)

    def test_are_asked_for_page_by_page(self, s3: Any) -> None:
        for number in range(5):
            put(s3, str(number))
        client = limited(s3, 2)
        every(S3Uploads(client, "uploads"))
        assert client.asked == ["list_object_versions"] * 3


def store(s3, *keys):
    for key in keys:
        s3.put_object(Bucket="renditions", Key=key, Body=b"12")


class TestFolders:
    @pytest.mark.parametrize("size", [1, 2, 3, 4, 1000])
    def test_are_whole_and_only_those_of_assets(self, s3: Any, size: int) -> None:
        of_a = [f"{A}/1/2/{name}" for name in ("320.webp", "640.webp", "manifest.json")]
        of_c = [f"{C}/{number}/x" for number in range(5)]
        store(s3, *of_a, f"{B}/1", *of_c, "config/logo.png", "config/more.png", "readme.txt")
        found = every(S3Folders(limited(s3, size), "renditions"))
        assert [(each.asset_id, [it.key for it in each.objects]) for each in found] == [
            (A, of_a),
            (B, [f"{B}/1"]),
            (C, of_c),
        ]
        assert {each.size for each in found[0].objects} == {2}

    def test_are_listed_alone_too(self, s3: Any) -> None:
        store(s3, *(f"{A}/{number}" for number in range(5)), f"{B}/1")
        folders = S3Folders(limited(s3, 2), "renditions")
        assert len(folders.folder(A).objects) == 5
        assert folders.folder(C).objects == ()

    def test_has_what_is_there(self, s3: Any) -> None:
        store(s3, f"{A}/1")
        folders = S3Folders(s3, "renditions")
        assert (folders.has(f"{A}/1"), folders.has(f"{A}/2")) == (True, False)

    def test_cost_one_request_for_what_an_answer_holds(self, s3: Any) -> None:
        store(s3, *(f"{number:032x}/{each}" for number in range(10) for each in range(5)))
        client = limited(s3, 25)
        assert len(every(S3Folders(client, "renditions"))) == 10
        assert len(client.asked) == 3


@pytest.fixture
def table(dynamodb):
    return create_table(dynamodb)


def receive(catalog: DynamoCatalog, key: str) -> str:
    event = upload(NEW, source=Source("uploads", key, "v1", "etag", 1))
    catalog.receive(event)
    return asset_id("uploads", key)


class TestEntries:
    @pytest.fixture(autouse=True)
    def _small(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(dynamodb_entries, "SCANNED", 2)
        monkeypatch.setattr(dynamodb_entries, "BATCH", 2)

    def test_are_all_there_page_by_page(self, dynamodb: Any, table: str) -> None:
        catalog = DynamoCatalog(dynamodb, table)
        ids = {receive(catalog, str(number)) for number in range(5)}
        found = every(DynamoEntries(dynamodb, table))
        assert sorted(each.asset_id for each in found) == sorted(ids)
        assert {each.status for each in found} == {AssetStatus.RECEIVED}

    def test_are_found_by_their_ids(self, dynamodb: Any, table: str) -> None:
        catalog = DynamoCatalog(dynamodb, table)
        ids = [receive(catalog, str(number)) for number in range(5)]
        found = DynamoEntries(dynamodb, table).find([*ids, ids[0], A])
        assert {name: asset and asset.asset_id for name, asset in found.items()} == {
            each: each for each in ids
        }
        assert found[ids[0]] == catalog.get(ids[0])
        assert DynamoEntries(dynamodb, table).find([]) == {}

    def test_that_cant_be_read_are_there_all_the_same(self, dynamodb: Any, table: str) -> None:
        dynamodb.put_item(TableName=table, Item={"pk": {"S": A}, "status": {"S": "READY"}})
        entries = DynamoEntries(dynamodb, table)
        assert entries.find([A, B]) == {A: None}
        assert every(entries) == []

    def test_that_were_put_off_are_asked_for_again(self, dynamodb: Any, table: str) -> None:
        class PuttingOff:
            def __init__(self, most: int) -> None:
                self.most = most

            def batch_get_item(self, RequestItems: Any) -> Any:  # noqa: N803
                keys = RequestItems[table]["Keys"]
                taken = keys[: self.most]
                left = keys[self.most :]
                asked = {table: {"Keys": taken}}
                answer = dynamodb.batch_get_item(RequestItems=asked) if taken else {"Responses": {}}
                return answer | {"UnprocessedKeys": {table: {"Keys": left}} if left else {}}

        catalog = DynamoCatalog(dynamodb, table)
        ids = [receive(catalog, str(number)) for number in range(4)]
        slow: Any = PuttingOff(1)
        assert sorted(DynamoEntries(slow, table).find(ids)) == sorted(ids)
        never: Any = PuttingOff(0)
        with pytest.raises(TransientError, match="THROTTLED"):
            DynamoEntries(never, table).find(ids)

    def test_that_have_not_changed_come_oldest_first(self, dynamodb: Any, table: str) -> None:
        clock = ManualClock()
        catalog = DynamoCatalog(dynamodb, table, clock)
        ids = []
        for number in range(5):
            clock.now += 1
            ids.append(receive(catalog, str(number)))
        entries = DynamoEntries(dynamodb, table)

        def unchanged(status: AssetStatus) -> list[str]:
            found: list[str] = []
            after: str | None = ""
            while after is not None:
                page = entries.unchanged(status, to_iso(clock.now), after)
                found += [each.asset_id for each in page.found]
                after = page.after
            return found

        assert unchanged(AssetStatus.RECEIVED) == ids[:4]
        assert unchanged(AssetStatus.PROCESSING) == []


def test_a_text_is_remembered_until_the_next(dynamodb: Any, table: str) -> None:
    memory = DynamoMemory(dynamodb, table, "reconcile")
    assert memory.read() is None
    for text in ("first", "second"):
        memory.write(text)
        assert DynamoMemory(dynamodb, table, "reconcile").read() == text
    assert DynamoMemory(dynamodb, table, "another").read() is None


SCHEMA = "Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, LastModifiedDate, ETag"
ROWS = (
    ("uploads", "a+b%2F%2B%C3%A9", "v1", "true", "false", "12", "2026-01-31T12:00:00.000Z", "e1"),
    ("uploads", "c", "v2", "false", "false", "3", "2026-01-31T12:00:00.000Z", "e2"),
    ("uploads", "c", "v3", "true", "true", "", "2026-02-01T12:00:00.000Z", ""),
)


def write_inventory(s3, *files, **changed):
    """Write an inventory as S3 does; return its manifest's address."""
    listed = []
    for number, rows in enumerate(files):
        text = io.StringIO()
        csv.writer(text, quoting=csv.QUOTE_ALL).writerows(rows)
        key = f"inventory/data/{number}.csv.gz"
        s3.put_object(Bucket="renditions", Key=key, Body=gzip.compress(text.getvalue().encode()))
        listed.append({"key": key, "size": 1, "MD5checksum": ""})
    manifest = {
        "sourceBucket": "uploads",
        "destinationBucket": "arn:aws:s3:::renditions",
        "version": "2016-11-30",
        "fileFormat": "CSV",
        "fileSchema": SCHEMA,
        "files": listed,
        **changed,
    }
    key = "inventory/2026-02-02T00-00Z/manifest.json"
    s3.put_object(Bucket="renditions", Key=key, Body=json.dumps(manifest).encode())
    return f"s3://renditions/{key}"


class TestInventory:
    def test_says_what_a_listing_would(self, s3: Any) -> None:
        found = every(InventoryUploads(s3, write_inventory(s3, ROWS), "uploads"))
        assert found == [
            Upload(Source("uploads", "a b/+é", "v1", "e1", 12), 1769860800.0),
            Upload(Source("uploads", "c", "v3", "", 0), 1769947200.0, removed=True),
        ]

    @pytest.mark.parametrize("rows", [1, 2, 3, 1000])
    def test_is_read_in_parts_and_from_any_of_them(
        self, s3: Any, monkeypatch: pytest.MonkeyPatch, rows: int
    ) -> None:
        monkeypatch.setattr(s3_inventory, "ROWS", rows)
        manifest = write_inventory(s3, ROWS, (), ROWS[:1])
        inventory = InventoryUploads(s3, manifest, "uploads")
        assert [each.source.key for each in every(inventory)] == ["a b/+é", "c", "a b/+é"]
        first = inventory.page("")
        again = InventoryUploads(s3, manifest, "uploads").page(first.after or "")
        assert again == inventory.page(first.after or "")

    @pytest.mark.parametrize(
        ("changed", "why"),
        [
            ({"fileFormat": "ORC"}, "expected CSV"),
            ({"sourceBucket": "another"}, "an inventory of uploads but it is of another"),
            ({"fileSchema": "Bucket, Key, Size"}, "expected the columns ETag, IsDeleteMarker"),
        ],
    )
    def test_of_another_kind_is_refused(self, s3: Any, changed: Any, why: str) -> None:
        manifest = write_inventory(s3, ROWS, **changed)
        with pytest.raises(InventoryError, match=why):
            InventoryUploads(s3, manifest, "uploads")

    @pytest.mark.parametrize("address", ["https://x/manifest.json", "s3://x/data.csv.gz"])
    def test_is_named_by_its_manifest(self, s3: Any, address: str) -> None:
        with pytest.raises(InventoryError, match=r"expected s3://…/manifest.json"):
            InventoryUploads(s3, address, "uploads")
