"""`media redrive` on the stage: what waits in each of the six failure queues is made good."""

import json
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import boto3
import pytest

from lib.adapters.aws import clients
from lib.application.redrive.letters import FailureQueue
from lib.cli import __main__ as cli
from lib.cli import redrive
from lib.domain import messages
from lib.domain.asset import AssetStatus
from lib.domain.events import Action, Source, UploadEvent
from lib.domain.keys import asset_id, execution_name
from lib.domain.media import MediaType
from lib.tools.stack import use_stage
from tests.e2e.deployed import FUNCTIONS, wait_for
from tests.support.failure_letters import ended_execution, failed_batch, failed_call

MEDIA = Path(__file__).parents[1] / "media"
IMAGE, SOUND = MEDIA / "cat.jp2", MEDIA / "voice.m4a"
POISON = "expected by nobody"


@pytest.fixture(autouse=True)
def _on_this_stage(deployed, monkeypatch, tmp_path):
    """Let the command find the stage of these tests, and not one that somebody keeps."""
    monkeypatch.setattr(redrive, "use_stage", partial(use_stage, folder=tmp_path))
    clients._make.cache_clear()
    yield
    clients._make.cache_clear()


@contextmanager
def unheard(deployed):
    """Keep dispatch from hearing of uploads."""
    before = deployed.s3.get_bucket_notification_configuration(Bucket=deployed.uploads)
    del before["ResponseMetadata"]
    put = deployed.s3.put_bucket_notification_configuration
    put(Bucket=deployed.uploads, NotificationConfiguration={})
    yield
    put(Bucket=deployed.uploads, NotificationConfiguration=before)


def upload(deployed, key, content, media_type):
    """Upload and return the message that dispatch would publish."""
    version = deployed.upload(key, content)
    found = deployed.s3.head_object(Bucket=deployed.uploads, Key=key)
    etag = found["ETag"].strip('"')
    source = Source(deployed.uploads, key, version, etag, found["ContentLength"])
    mime = {MediaType.IMAGE: "image/jp2", MediaType.AUDIO: "audio/mp4"}[media_type]
    now = "2026-01-01T00:00:00.000+00:00"
    return UploadEvent(Action.CREATED, source, "00" * 8, media_type, mime, now)


def put(deployed, queue, body):
    text = body if isinstance(body, str) else json.dumps(body)
    deployed.sqs.send_message(QueueUrl=deployed.outputs[queue], MessageBody=text)


def media_redrive(capsys, *arguments):
    """Run the command and return what it prints, a line a message."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        cli.main(["redrive", "--stage", "local", "--json", *arguments])
    said = capsys.readouterr()
    assert ended.value.code == 0, said.err + said.out
    return [json.loads(line) for line in said.out.splitlines()]


def test_what_waits_in_five_queues_becomes_ready(deployed, capsys):
    waiting = {
        FailureQueue.IMAGE: (IMAGE, MediaType.IMAGE),
        FailureQueue.VIDEO: (SOUND, MediaType.AUDIO),
        FailureQueue.SUBSCRIPTION: (IMAGE, MediaType.IMAGE),
        FailureQueue.DISPATCH: (IMAGE, MediaType.IMAGE),
        FailureQueue.EXECUTION: (SOUND, MediaType.AUDIO),
    }
    keys = {queue: f"redrive/{queue}" for queue in waiting}
    with unheard(deployed):
        events = {
            queue: upload(deployed, keys[queue], content, media_type)
            for queue, (content, media_type) in waiting.items()
        }
    for queue, event in events.items():
        if queue is not FailureQueue.DISPATCH:
            deployed.catalog.receive(event)
    for queue in (FailureQueue.IMAGE, FailureQueue.VIDEO, FailureQueue.SUBSCRIPTION):
        put(deployed, queue, messages.serialize_event(events[queue]))
    put(deployed, FailureQueue.DISPATCH, failed_call({"Records": [created(events)]}))
    event = events[FailureQueue.EXECUTION]
    name = execution_name(event.source, event.sequencer)
    put(deployed, FailureQueue.EXECUTION, failed_call(ended_execution(event, name), "failVideo"))
    put(deployed, FailureQueue.IMAGE, POISON)

    shown = media_redrive(capsys, "--dry-run")
    assert sorted(each["fate"] or each["verdict"] for each in shown) == ["poison", *["send"] * 5]
    assert deployed.asset(keys[FailureQueue.DISPATCH]) is None

    done = media_redrive(capsys, "--yes", "--wait", "120", "--rate", "100", "--discard-poison")
    assert sorted(each["fate"] for each in done) == ["discarded", *["sent"] * 5]
    statuses = {key: deployed.asset(key).status for key in keys.values()}
    assert statuses == dict.fromkeys(keys.values(), AssetStatus.READY)
    assert media_redrive(capsys) == []


def created(events):
    """Return the record of S3 that dispatch failed on."""
    event = events[FailureQueue.DISPATCH]
    return {
        "eventVersion": "2.1",
        "eventName": "ObjectCreated:Put",
        "s3": {
            "bucket": {"name": event.source.bucket},
            "object": {
                "key": event.source.key,
                "versionId": event.source.version_id,
                "eTag": event.source.etag,
                "size": event.source.size,
                "sequencer": event.sequencer,
            },
        },
    }


@contextmanager
def paused(deployed, function):
    """Keep a function from hearing of the catalog's changes."""
    name = f"{FUNCTIONS}{function}"
    (found,) = deployed.functions.list_event_source_mappings(FunctionName=name)[
        "EventSourceMappings"
    ]
    update = deployed.functions.update_event_source_mapping
    update(UUID=found["UUID"], Enabled=False)
    yield found["EventSourceArn"]
    update(UUID=found["UUID"], Enabled=True)


def given_up(stream_arn, key_id, status):
    """Return Lambda's record of a change of the stream: it names the place and not the change."""
    streams = boto3.client("dynamodbstreams")
    (shard,) = streams.describe_stream(StreamArn=stream_arn)["StreamDescription"]["Shards"]
    iterator = streams.get_shard_iterator(
        StreamArn=stream_arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    numbers = []
    while page := streams.get_records(ShardIterator=iterator):
        numbers += [
            each["dynamodb"]["SequenceNumber"]
            for each in page["Records"]
            if each["dynamodb"]["Keys"]["pk"]["S"] == key_id
            and each["dynamodb"].get("NewImage", {}).get("status", {}).get("S") == status
        ]
        if not page["Records"]:
            break
        iterator = page["NextShardIterator"]
    return failed_batch("sweep", numbers[0], numbers[-1], stream_arn, shard["ShardId"])


def test_changes_that_sweep_gave_up_are_swept(deployed, capsys):
    key = "redrive/swept.jp2"
    deployed.wait(key, deployed.upload(key, IMAGE))
    with paused(deployed, "sweep") as stream_arn:
        deployed.s3.delete_object(Bucket=deployed.uploads, Key=key)
        gone = wait_for(
            lambda: (asset := deployed.asset(key)).status is AssetStatus.DELETED and asset,
            "the tombstone",
        )
        assert deployed.stored(key)
        put(deployed, FailureQueue.STREAM, given_up(stream_arn, gone.asset_id, "DELETED"))
        (done,) = media_redrive(capsys, "--yes", "--queue", "StreamFailures")
        assert (done["fate"], done["goes_to"]) == ("sent", "sweep")
        assert [each["key"] for each in done["subjects"]] == [key]
        assert not deployed.stored(key)


def test_changes_that_the_stream_has_forgotten_name_what_changed_then(deployed, capsys):
    key = "redrive/changed.jp2"
    asset = deployed.wait(key, deployed.upload(key, IMAGE))
    stream_arn = boto3.client("dynamodb").describe_table(
        TableName=deployed.outputs["CatalogTable"]
    )["Table"]["LatestStreamArn"]
    lost = failed_batch("notify", "1" * 21, "1" * 21, stream_arn, "shardId-" + "9" * 20)
    for name in ("approximateArrivalOfFirstRecord", "approximateArrivalOfLastRecord"):
        lost["DDBStreamBatchInfo"][name] = asset.updated_at
    put(deployed, FailureQueue.STREAM, lost)
    (found,) = media_redrive(capsys, "--yes", "--queue", "StreamFailures")
    assert (found["verdict"], found["fate"]) == ("lost", None)
    assert asset_id(deployed.uploads, key) in [each["asset_id"] for each in found["assets"]]
    (found,) = media_redrive(capsys, "--yes", "--queue", "StreamFailures", "--mend-lost")
    assert found["fate"] == "mended"
