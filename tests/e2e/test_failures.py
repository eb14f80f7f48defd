"""What can't be processed ends in a dead-letter queue and in the catalog, and IAM is enforced."""

from functools import partial
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from lib.domain import messages
from lib.domain.asset import AssetStatus
from lib.domain.errors import ErrorCode
from lib.domain.events import Action, Source, UploadEvent
from lib.domain.media import MediaType
from tests.e2e.deployed import reconfigure, record, wait_for

MEDIA = Path(__file__).parent.parent / "media"


def send(deployed, body, queue="image"):
    """Publish what the processors' queue will take, as dispatch does."""
    deployed.sns.publish(
        TopicArn=deployed.outputs["MediaTopic"],
        Message=body,
        MessageAttributes={
            "action": {"DataType": "String", "StringValue": "created"},
            "media_type": {"DataType": "String", "StringValue": queue},
        },
    )


def test_a_poison_message_ends_in_the_dead_letter_queue_and_stops_nobody(deployed):
    poison = '{"schema": 1, "this": "is not ours"}'
    send(deployed, poison)
    letters = deployed.outputs["ImageDeadLetters"]
    found = wait_for(lambda: deployed.messages(letters), "the dead letter")
    assert [each["Body"] for each in found] == [poison]
    [reason] = [each["MessageAttributes"]["reason"]["StringValue"] for each in found]
    assert reason.startswith("expected a text for ")


@pytest.mark.parametrize("kind", [MediaType.IMAGE, MediaType.VIDEO])
def test_a_message_whose_source_is_gone_ends_as_failed_and_is_not_retried(deployed, kind):
    source = Source(deployed.uploads, f"failures/never.{kind}", "null", "etag", 1000)
    event = UploadEvent(
        Action.CREATED, source, "00" * 9, kind, f"{kind}/any", "2026-01-01T00:00:00+00:00"
    )
    deployed.catalog.receive(event)
    send(deployed, messages.serialize_event(event), kind)
    asset = deployed.wait(source.key, source.version_id)
    assert (asset.status, asset.error.code) == (AssetStatus.FAILED, ErrorCode.SOURCE_GONE)
    assert asset.attempts == 1


def let_the_lease_run_out(deployed, asset):
    """Write that the lease of a killed worker is over, which takes minutes otherwise."""
    boto3.client("dynamodb").update_item(
        TableName=deployed.outputs["CatalogTable"],
        Key={"pk": {"S": asset.asset_id}},
        UpdateExpression="SET lease_expires_at = :past",
        ExpressionAttributeValues={":past": {"S": "2026-01-01T00:00:00.000Z"}},
    )


def test_a_source_that_kills_its_workers_is_refused_after_the_second(deployed, tmp_path):
    marks = tmp_path / "killed"
    marks.mkdir()
    fatal = tmp_path / "ffmpeg"
    fatal.write_text(f"#!/bin/sh\nmkdir {marks}/$PPID\nexec kill -9 $PPID\n")
    fatal.chmod(0o755)

    def deaths(number):
        return len(list(marks.iterdir())) == number

    before = reconfigure(deployed.functions, "processVideo", {"FFMPEG_PATH": str(fatal)})
    try:
        key = "failures/deadly.mp4"
        version = deployed.upload(key, MEDIA / "phone clip.mov")
        for killed in (1, 2):
            wait_for(partial(deaths, killed), "a worker's death")
            asset = deployed.asset(key)
            assert (asset.status, asset.attempts) == (AssetStatus.PROCESSING, killed)
            let_the_lease_run_out(deployed, asset)
            send(deployed, messages.serialize_event(event_of(asset)), "video")
        asset = deployed.wait(key, version)
    finally:
        reconfigure(deployed.functions, "processVideo", before)
    assert (asset.status, asset.error.code) == (AssetStatus.REJECTED, ErrorCode.LIMIT_EXCEEDED)
    assert "2 workers were killed by it" in asset.error.message
    assert (asset.attempts, asset.abandoned, len(list(marks.iterdir()))) == (3, 2, 2)
    assert not deployed.messages(deployed.outputs["VideoDeadLetters"])


def event_of(asset):
    """Return what dispatch told of an upload."""
    sequencer = record(asset)["s3"]["object"]["sequencer"]
    return UploadEvent(
        Action.CREATED, asset.source, sequencer, asset.media_type, asset.mime, asset.created_at
    )


def test_iam_is_enforced(deployed):
    created = boto3.client("iam").create_user(UserName="nobody")
    assert created["User"]["UserName"] == "nobody"
    key = boto3.client("iam").create_access_key(UserName="nobody")["AccessKey"]
    nobody = boto3.client(
        "s3",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )
    with pytest.raises(ClientError, match="AccessDenied"):
        nobody.list_objects_v2(Bucket=deployed.uploads)
