"""Duplicates, reordering, overwriting, deleting: exactly one outcome, that of the newest upload."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import boto3
import pytest

from lib import presets
from lib.adapters.aws.dynamodb_catalog import DynamoCatalog
from lib.adapters.aws.s3 import S3Renditions, S3Sources
from lib.application import fenced_job
from lib.application.context import Delivery, Pipeline
from lib.domain.asset import AssetStatus
from lib.domain.events import Action, UploadEvent
from lib.domain.media import MediaType, Probe
from lib.domain.renditions import Made, RenditionKind, Work
from tests.e2e.deployed import record, wait_for

MEDIA = Path(__file__).parent.parent / "media"
ALPHA, ROTATED = MEDIA / "rocket-alpha.png", MEDIA / "portrait-gps.jpg"
PICTURE = Made("1.webp", RenditionKind.IMAGE, "image/webp", b"small", 1, 1)


def test_a_duplicated_event_changes_nothing(deployed):
    version = deployed.upload("fence/twice.png", ALPHA)
    first = deployed.wait("fence/twice.png", version)
    stored = deployed.stored("fence/twice.png")
    deployed.dispatch(record(first), record(first))
    marker = deployed.upload("fence/after-twice.png", ALPHA)
    deployed.wait("fence/after-twice.png", marker)
    assert deployed.asset("fence/twice.png") == first
    assert deployed.stored("fence/twice.png") == stored


def test_overwriting_replaces_the_renditions_and_sweeps_the_old_ones(deployed):
    key = "fence/overwritten"
    old = deployed.wait(key, deployed.upload(key, ALPHA))
    new = deployed.wait(key, deployed.upload(key, ROTATED))
    assert new.status is AssetStatus.READY
    assert new.mime == "image/jpeg"
    listed = {each.key for each in new.renditions} | {new.manifest_key}
    wait_for(lambda: deployed.stored(key) == listed, "the old renditions to be swept")
    assert not any(deployed.exists(each.key) for each in old.renditions)


def test_a_late_event_of_an_older_version_changes_nothing(deployed):
    key = "fence/late"
    old = deployed.wait(key, deployed.upload(key, ALPHA))
    new = deployed.wait(key, deployed.upload(key, ROTATED))
    deployed.dispatch(record(old))
    assert deployed.asset(key) == new


def test_uploads_in_quick_succession_end_with_the_last(deployed):
    key = "fence/burst"
    sources = [ALPHA, ROTATED, ALPHA, ROTATED]
    last = [deployed.upload(key, each) for each in sources][-1]
    asset = deployed.wait(key, last)
    assert (asset.status, asset.live_version_id) == (AssetStatus.READY, last)
    listed = {each.key for each in asset.renditions} | {asset.manifest_key}
    wait_for(lambda: deployed.stored(key) == listed, "what the overtaken uploads left to go")


def test_deleting_leaves_a_tombstone_and_no_rendition_and_cannot_be_undone_by_a_late_event(
    deployed,
):
    key = "fence/deleted with a + and ünïcode.png"
    asset = deployed.wait(key, deployed.upload(key, ALPHA))
    marker = deployed.s3.delete_object(Bucket=deployed.uploads, Key=key)["VersionId"]
    tombstone = deployed.wait(key, marker, AssetStatus.DELETED)
    assert tombstone.renditions == ()
    assert tombstone.expires_at is not None
    wait_for(lambda: not deployed.stored(key), "the renditions to be swept")
    deployed.dispatch(record(asset))
    assert deployed.asset(key) == tombstone


def test_a_deleted_upload_that_is_restored_gets_its_renditions_back(deployed):
    key = "fence/restored.png"
    version = deployed.upload(key, ALPHA)
    deployed.wait(key, version)
    marker = deployed.s3.delete_object(Bucket=deployed.uploads, Key=key)["VersionId"]
    deployed.wait(key, marker, AssetStatus.DELETED)
    deployed.s3.delete_object(Bucket=deployed.uploads, Key=key, VersionId=marker)
    asset = deployed.wait(key, version, AssetStatus.READY)
    listed = {each.key for each in asset.renditions} | {asset.manifest_key}
    wait_for(lambda: deployed.stored(key) == listed, "exactly the new renditions")


def quick(deployed, kind, number):
    """Change a key three times back to back; return it, and the version that is current then."""
    key = f"fence/{kind}-{number}.png"
    first = deployed.upload(key, ALPHA)
    if kind == "restored":
        gone = deployed.s3.delete_object(Bucket=deployed.uploads, Key=key)["VersionId"]
    else:
        gone = deployed.upload(key, ROTATED)
    deployed.s3.delete_object(Bucket=deployed.uploads, Key=key, VersionId=gone)
    return key, first


def is_true(deployed, key, version):
    """Tell whether a version is ready, and exactly what the asset lists is stored."""
    asset = deployed.asset(key)
    if asset is None or (asset.status, asset.live_version_id) != (AssetStatus.READY, version):
        return False
    listed = {each.key for each in asset.renditions} | {asset.manifest_key}
    return deployed.stored(key) == listed


QUICK = 3
"""Keys of each kind."""


def test_what_is_restored_or_rolled_back_at_once_ends_with_what_is_current(deployed):
    waiting = dict(
        quick(deployed, kind, number)
        for number in range(QUICK)
        for kind in ("restored", "rolled-back")
    )

    def settle():
        for key, version in list(waiting.items()):
            if is_true(deployed, key, version):
                del waiting[key]
        return not waiting

    with suppress(AssertionError):
        wait_for(settle, "every key to show what is current")
    assert {key: deployed.asset(key).status for key in waiting} == {}


def later(asset, by=1):
    """Return a sequencer that is later than an asset's."""
    sequencer = record(asset)["s3"]["object"]["sequencer"]
    return f"{int(sequencer, 16) + by:0{len(sequencer)}X}"


def test_events_of_a_restored_key_may_come_in_another_order(deployed):
    key = "fence/orders.png"
    version = deployed.upload(key, ALPHA)
    ready = deployed.wait(key, version)
    removed = record(ready, "ObjectRemoved:DeleteMarkerCreated")
    restored = record(ready, "ObjectRemoved:Delete")
    for event, sequencer in ((removed, later(ready)), (restored, later(ready, 2))):
        event["s3"]["object"] |= {"versionId": "the-marker", "sequencer": sequencer}
    for event in (restored, removed, restored, removed):
        deployed.dispatch(event)
    asset = deployed.asset(key)
    assert (asset.status, asset.manifest_key) == (AssetStatus.READY, ready.manifest_key)
    assert asset.sequencer == ready.sequencer
    assert is_true(deployed, key, version)


class LostReply:
    """A DynamoDB client that loses the reply of the first commit, and sends it again later."""

    def __init__(self, client, meanwhile):
        self._client, self._meanwhile = client, [meanwhile]

    def __getattr__(self, name):
        return getattr(self._client, name)

    def update_item(self, **request):
        answer = self._client.update_item(**request)
        if ":committed_by" in request["ExpressionAttributeValues"] and self._meanwhile:
            self._meanwhile.pop()()
            return self._client.update_item(**request)
        return answer


def test_what_is_live_stays_when_the_reply_of_its_commit_is_lost(deployed):
    """The worker runs here, on the deployed table and buckets; the rest is the stage's own."""
    key = "fence/lost-reply.png"
    version = deployed.upload(key, ALPHA)
    first = deployed.wait(key, version)
    deployed.upload("fence/between.txt", b"")  # its sequencer is the one that the worker's has
    event = UploadEvent(
        Action.CREATED, first.source, later(first), MediaType.IMAGE, first.mime, first.created_at
    )

    catalog = DynamoCatalog(boto3.client("dynamodb"), deployed.outputs["CatalogTable"])
    assert catalog.receive(event, after=first.sequencer) is None

    def refuse_newer():
        refused = deployed.upload(key, b"just words")
        deployed.wait(key, refused, AssetStatus.REJECTED)

    client: Any = LostReply(boto3.client("dynamodb"), refuse_newer)
    finished = fenced_job.run(
        event,
        lambda _: Work(Probe(), iter([PICTURE]), "default", "recipe"),
        Pipeline(
            S3Sources(deployed.s3),
            S3Renditions(deployed.s3, deployed.renditions),
            DynamoCatalog(client, deployed.outputs["CatalogTable"]),
            presets.load(presets.PACKAGED),
        ),
        Delivery(lambda: 60.0),
    )
    asset = deployed.asset(key)
    assert finished.outcome is not None
    assert asset.status is AssetStatus.REJECTED
    assert asset.live_version_id == version
    listed = {each.key for each in asset.renditions} | {asset.manifest_key}
    assert asset.manifest_key.endswith("/recipe/manifest.json")
    wait_for(lambda: deployed.stored(key) == listed, "exactly what is live to be stored")


@pytest.fixture(scope="module")
def asset_events(deployed):
    """Return the URL of a queue that hears the asset events."""
    url = deployed.sqs.create_queue(QueueName="e2e-asset-events")["QueueUrl"]
    topic = deployed.outputs["AssetEventsTopic"]
    attributes = deployed.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    arn = attributes["Attributes"]["QueueArn"]
    topic_may_send = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [topic_may_send]})
    deployed.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    deployed.sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=arn,
        Attributes={"RawMessageDelivery": "true"},
    )
    return url


def test_each_state_is_told_once(deployed, asset_events):
    key = "fence/told.png"
    version = deployed.upload(key, ALPHA)
    asset = deployed.wait(key, version)
    deployed.s3.delete_object(Bucket=deployed.uploads, Key=key)
    heard: list[dict[str, str]] = []

    def hear():
        bodies = [json.loads(each["Body"]) for each in deployed.messages(asset_events)]
        heard.extend(each for each in bodies if each["key"] == key)
        return [each["type"] for each in heard][-1:] == ["asset.deleted"]

    wait_for(hear, "the deletion to be told")
    assert [each["type"] for each in heard] == [
        "asset.received",
        "asset.playable",
        "asset.ready",
        "asset.deleted",
    ]
    assert len({each["id"] for each in heard}) == 4
    assert sorted(heard, key=lambda each: each["revision"]) == heard
    assert heard[2]["manifest_key"] == asset.manifest_key
