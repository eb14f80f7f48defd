"""Duplicates, reordering, overwriting, deleting: exactly one outcome, that of the newest upload."""

import json
from pathlib import Path

import pytest

from lib.model import AssetStatus
from tests.e2e.deployed import record, wait_for

MEDIA = Path(__file__).parent.parent / "media"
ALPHA, ROTATED = MEDIA / "rocket-alpha.png", MEDIA / "portrait-gps.jpg"


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


def test_each_terminal_state_is_told_once(deployed, asset_events):
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
    assert [each["type"] for each in heard] == ["asset.ready", "asset.deleted"]
    assert heard[0]["manifest_key"] == asset.manifest_key
