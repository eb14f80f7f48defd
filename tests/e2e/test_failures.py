"""What can't be processed ends in a dead-letter queue and in the catalog, and IAM is enforced."""

import boto3
import pytest
from botocore.exceptions import ClientError

from lib import messages
from lib.errors import ErrorCode
from lib.model import Action, AssetStatus, MediaType, Source, UploadEvent
from tests.e2e.deployed import wait_for


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


def test_a_message_whose_source_is_gone_ends_as_failed_and_is_not_retried(deployed):
    source = Source(deployed.uploads, "failures/never.mp4", "null", "etag", 1000)
    event = UploadEvent(
        Action.CREATED, source, "00" * 9, MediaType.VIDEO, "video/mp4", "2026-01-01T00:00:00+00:00"
    )
    send(deployed, messages.encode(event), "video")
    asset = deployed.wait(source.key, source.version_id)
    assert (asset.status, asset.error.code) == (AssetStatus.FAILED, ErrorCode.SOURCE_GONE)
    assert asset.attempts == 1


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
