"""What an operator or AWS broke is made good by one command: a page shows the same bytes as before.

These break the whole stage, and come first by their name: what others left would be made again too.
"""

import hashlib
import io
import json
import os

import boto3
import pytest
from PIL import Image

from lib.adapters.aws import clients
from lib.cli import __main__ as cli
from lib.domain.asset import AssetStatus
from lib.tools.emulator import lifecycle
from tests.e2e.deployed import wait_for
from tests.e2e.test_samples import MEDIA

AT_ONCE = ("--stage", "local", "--grace", "0s", "--older-than", "0s")
"""Nothing is left to events that may come: all have come."""


def picture(color):
    """Return a PNG that takes no time."""
    content = io.BytesIO()
    Image.new("RGB", (80, 60), color).save(content, "PNG")
    return content.getvalue()


KEYS = {
    "made-good/a b+é.png": picture("red"),
    "made-good/b.png": picture("green"),
    "made-good/c.png": picture("blue"),
    "made-good/voice.m4a": (MEDIA / "voice.m4a").read_bytes(),
    "made-good/film.mov": (MEDIA / "phone clip.mov").read_bytes(),
}


FILM = "made-good/film.mov"


@pytest.fixture(scope="module")
def before(deployed):
    """Upload, wait, and return what a page shows."""
    uploaded = {key: deployed.upload(key, content) for key, content in KEYS.items()}
    for key, version in uploaded.items():
        assert deployed.wait(key, version).status is AssetStatus.READY
    return shown(deployed, KEYS)


@pytest.fixture
def media(deployed, monkeypatch):
    """Return a function that runs the command against this stage, and gives its exit code."""
    monkeypatch.setattr(lifecycle, "find", lambda _: None)
    environment = dict(os.environ)

    def run(*arguments):
        clients._make.cache_clear()
        try:
            return cli.main(list(arguments))
        except SystemExit as exc:
            return exc.code
        finally:
            clients._make.cache_clear()
            os.environ.clear()
            os.environ.update(environment)

    return run


def shown(deployed, keys):
    """Return the sums of what is stored of each key's live renditions, by their names."""
    return {
        key: {
            each.name: hashlib.sha256(deployed.fetch(each.key)).hexdigest()
            for each in deployed.asset(key).renditions
        }
        for key in keys
    }


def parts(deployed, key):
    """Return the segments and sheets of a film, which the catalog does not list."""
    asset = deployed.asset(key)
    return deployed.stored(key) - {each.key for each in asset.renditions} - {asset.manifest_key}


def wait_until_ready(deployed, keys):
    def ready():
        assets = [deployed.asset(key) for key in keys]
        return all(asset and asset.status is AssetStatus.READY for asset in assets)

    wait_for(ready, "all to be READY again")


def empty(deployed):
    pages = deployed.s3.get_paginator("list_objects_v2").paginate(Bucket=deployed.renditions)
    keys = [{"Key": each["Key"]} for page in pages for each in page.get("Contents", [])]
    for start in range(0, len(keys), 1000):
        part = {"Objects": keys[start : start + 1000]}
        deployed.s3.delete_objects(Bucket=deployed.renditions, Delete=part)
    return len(keys)


class Table:
    """The catalog's items, as a backup has them."""

    def __init__(self, deployed):
        self.client, self.name = boto3.client("dynamodb"), deployed.outputs["CatalogTable"]

    def items(self):
        return {each["pk"]["S"]: each for each in self.client.scan(TableName=self.name)["Items"]}

    def delete(self, names):
        for name in names:
            self.client.delete_item(TableName=self.name, Key={"pk": {"S": name}})

    def restore(self, backup):
        self.delete(self.items().keys() - backup.keys())
        for item in backup.values():
            self.client.put_item(TableName=self.name, Item=item)


def test_the_renditions_bucket_is_emptied(deployed, before, media):
    addresses = {key: deployed.asset(key).manifest_key for key in KEYS}
    segments = parts(deployed, FILM)
    assert len(segments) >= 5
    assert empty(deployed) > 20
    assert media("reconcile", *AT_ONCE) == 1, "to look changes nothing"
    assert deployed.stored("made-good/b.png") == set()
    assert media("reconcile", *AT_ONCE, "--apply") == 0
    wait_until_ready(deployed, KEYS)
    assert shown(deployed, KEYS) == before
    assert {key: deployed.asset(key).manifest_key for key in KEYS} == addresses
    assert parts(deployed, FILM) == segments
    assert media("reconcile", *AT_ONCE) == 0


def test_the_tables_items_are_deleted(deployed, before, media, capsys):
    table = Table(deployed)
    table.delete(table.items())
    assert media("reconcile", *AT_ONCE, "--json") == 1
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {"UNRECORDED"} <= {each["kind"] for each in found} <= {"UNRECORDED", "ORPHANS"}
    assert media("reconcile", *AT_ONCE, "--apply") == 0
    wait_until_ready(deployed, KEYS)
    assert shown(deployed, KEYS) == before
    assert media("reconcile", *AT_ONCE, "--apply") == 0, "what was live before has to go"
    assert media("reconcile", *AT_ONCE) == 0


def test_the_table_is_restored_to_yesterday(deployed, before, media):
    table = Table(deployed)
    yesterday = table.items()
    overwritten, removed, new = "made-good/b.png", "made-good/c.png", "made-good/new.png"
    changed = {overwritten: picture("white"), new: picture("black")}
    deployed.s3.delete_object(Bucket=deployed.uploads, Key=removed)
    uploaded = {key: deployed.upload(key, content) for key, content in changed.items()}
    for key, version in uploaded.items():
        assert deployed.wait(key, version).status is AssetStatus.READY
    wait_for(lambda: deployed.asset(removed).status is AssetStatus.DELETED, "the tombstone")
    wait_for(lambda: not deployed.stored(removed), "the removed renditions to be swept")
    live = (KEYS.keys() | {new}) - {removed}
    today = shown(deployed, live)
    assert today[overwritten] != before[overwritten]

    table.restore(yesterday)
    assert media("reconcile", *AT_ONCE, "--apply") == 0
    wait_until_ready(deployed, live)
    assert shown(deployed, live) == today
    assert deployed.asset(removed).status is AssetStatus.DELETED
    wait_for(lambda: media("reconcile", *AT_ONCE, "--apply") == 0, "the rest")
    assert deployed.stored(removed) == set()


def test_one_asset_is_checked_and_repaired(deployed, before, media, capsys):
    key = "made-good/a b+é.png"
    assert media("check", key, "--stage", "local") == 0
    lost = deployed.asset(key).renditions[0].key
    deployed.s3.delete_object(Bucket=deployed.renditions, Key=lost)
    assert media("check", key, "--stage", "local") == 1
    assert "MISSING" in capsys.readouterr().out
    assert media("repair", key, "--stage", "local") == 0
    wait_until_ready(deployed, [key])
    assert shown(deployed, [key])[key] == before[key]
    assert media("check", key, "--stage", "local") == 0


def test_a_film_that_lost_a_segment_is_repaired(deployed, before, media, capsys):
    segments = parts(deployed, FILM)
    assert media("check", FILM, "--stage", "local") == 0
    deployed.s3.delete_object(Bucket=deployed.renditions, Key=max(segments))
    assert media("check", FILM, "--stage", "local") == 1
    assert media("repair", FILM, "--stage", "local") == 0
    wait_until_ready(deployed, [FILM])
    assert parts(deployed, FILM) == segments
    assert shown(deployed, [FILM])[FILM] == before[FILM]


def test_the_function_does_the_same(deployed, before, media):
    """Invoked by hand: the emulator's schedule is off."""
    key, name = "made-good/voice.m4a", "media-pipeline-local-reconcile"
    asset, table = deployed.asset(key), Table(deployed)
    untold, gone = "made-good/untold.png", "made-good/gone.png"
    for each in (untold, gone):
        deployed.wait(each, deployed.upload(each, picture("pink")))
    before_removal = table.items()
    deployed.s3.delete_object(Bucket=deployed.uploads, Key=gone)
    wait_for(lambda: deployed.asset(gone).status is AssetStatus.DELETED, "the tombstone")
    table.restore(before_removal)
    table.delete([deployed.asset(untold).asset_id])
    deployed.s3.delete_object(Bucket=deployed.renditions, Key=asset.manifest_key)
    orphan = f"{asset.asset_id}/older/recipe/x.webp"
    deployed.s3.put_object(Bucket=deployed.renditions, Key=orphan, Body=b"1")
    at_once = {"LEASE_SECONDS": "0", "ORPHAN_SECONDS": "0", "FULL_SECONDS": "0"}
    with deployed.reconfigured("reconcile", **at_once):

        def made_good():
            answer = deployed.functions.invoke(FunctionName=name, Payload=b"{}")
            assert "FunctionError" not in answer, answer["Payload"].read()
            return not deployed.exists(orphan)

        wait_for(made_good, "the orphan to be deleted")
    wait_until_ready(deployed, [key, untold])
    assert shown(deployed, [key])[key] == before[key]
    assert deployed.asset(gone).status is AssetStatus.DELETED
    remembered = boto3.client("dynamodb").get_item(
        TableName=deployed.outputs["BudgetTable"], Key={"pk": {"S": "reconcile"}}
    )
    assert json.loads(remembered["Item"]["text"]["S"])["position"] is None
