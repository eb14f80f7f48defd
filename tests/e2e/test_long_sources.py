"""Long sources on the emulator: handed over, encoded by ranges, packaged, stopped, redriven.

The same state machine and functions as on AWS; a short clip is long where nothing is short.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import boto3
import pytest

from lib.domain import messages
from lib.domain.asset import AssetStatus
from lib.domain.keys import execution_name, version_prefix
from tests.e2e.deployed import FUNCTIONS, event_of, reconfigure, record, wait_for
from tests.e2e.grants import read_decisions
from tests.support.ffmpeg_binary import find_ffmpeg

MEDIA = Path(__file__).parent.parent / "media"
FORCED = {"processVideo": {"SHORT_SECONDS": "0"}, "planVideo": {"RANGE_SECONDS": "0"}}


@pytest.fixture(scope="module")
def long(deployed):
    """Make every source long, however short it is."""
    before = {
        name: reconfigure(deployed.functions, name, changes) for name, changes in FORCED.items()
    }
    yield deployed
    for name, variables in before.items():
        reconfigure(deployed.functions, name, variables)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Return 12 s with a keyframe each second, and sound."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    subprocess.run(
        [
            *(find_ffmpeg(), "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=426x240:r=24:d=12"),
            *("-f", "lavfi", "-i", "sine=440:d=12", "-c:v", "libx264", "-preset", "ultrafast"),
            *("-g", "24", "-c:a", "aac", str(path)),
        ],
        check=True,
    )
    return path


@pytest.fixture(scope="module")
def executions(long):
    return boto3.client("stepfunctions")


def arn_of(executions, name):
    [machine] = executions.list_state_machines()["stateMachines"]
    return f"{machine['stateMachineArn'].replace(':stateMachine:', ':execution:')}:{name}"


def name_of(asset, number=1):
    return execution_name(asset.source, asset.sequencer, number)


def ended(executions, name):
    """Return how an execution ended, when it has."""

    def look():
        found = executions.describe_execution(executionArn=arn_of(executions, name))
        return found if found["status"] != "RUNNING" else None

    return wait_for(look, f"the execution {name} to end")


def test_a_long_source_is_handed_over_encoded_by_ranges_and_committed(long, executions, clip):
    key = "long/whole.mp4"
    asset = long.wait(key, long.upload(key, clip))
    assert (asset.status, asset.error) == (AssetStatus.READY, None)
    assert asset.execution == name_of(asset)
    assert asset.estimate_ms > 0
    assert (asset.lease_token, asset.progress) == (None, None)
    assert ended(executions, asset.execution)["status"] == "SUCCEEDED"
    assert 0 < charged(long, asset.execution) < 0.01
    names = {each.name for each in asset.renditions}
    assert {"hls.m3u8", "dash.mpd", "240p.mp4", "storyboard.vtt"} <= names
    stored = {
        each.removeprefix(asset.manifest_key[: -len("manifest.json")]) for each in long.stored(key)
    }
    assert not any(each.startswith("work/") for each in stored)
    segments = {each for each in stored if each.startswith("h264-240/") and "m4s" in each}
    assert len(segments) == 3
    playlist = long.fetch(asset.manifest_key.replace("manifest.json", "h264-240/playlist.m3u8"))
    assert segments == {
        f"h264-240/{line}" for line in playlist.decode().splitlines() if line.endswith(".m4s")
    }
    assert playlist.count(b"#EXTINF:4.000000") == 3


def test_a_duplicated_event_is_acknowledged_while_the_execution_works(long, executions, clip):
    key = "long/twice.mp4"
    version = long.upload(key, clip)
    taken = wait_for(
        lambda: (asset := long.asset(key)) and asset.execution and asset, "the lease to be taken"
    )
    long.dispatch(record(taken), record(taken))
    asset = long.wait(key, version)
    assert asset.status is AssetStatus.READY
    assert asset.attempts == 1
    assert asset.execution == name_of(asset)
    assert not long.messages(long.outputs["VideoDeadLetters"])


def test_a_newer_upload_stops_the_execution_and_leaves_nothing_of_the_old(long, executions, clip):
    key = "long/superseded.mp4"
    long.upload(key, clip)
    old = wait_for(
        lambda: (asset := long.asset(key)) and asset.execution and asset, "the lease to be taken"
    )
    new = long.wait(key, long.upload(key, clip))
    assert new.status is AssetStatus.READY
    assert ended(executions, old.execution)["status"] in ("ABORTED", "SUCCEEDED")
    prefix = version_prefix(new.source, new.sequencer)
    wait_for(
        lambda: all(each.startswith(prefix) for each in long.stored(key)), "the old parts to go"
    )


def test_a_deleted_source_stops_its_execution(long, executions, clip):
    key = "long/deleted.mp4"
    long.upload(key, clip)
    old = wait_for(
        lambda: (asset := long.asset(key)) and asset.execution and asset, "the lease to be taken"
    )
    marker = long.s3.delete_object(Bucket=long.uploads, Key=key)["VersionId"]
    long.wait(key, marker, AssetStatus.DELETED)
    assert ended(executions, old.execution)["status"] == "ABORTED"
    wait_for(lambda: not long.stored(key), "the parts to go")
    assert long.asset(key).status is AssetStatus.DELETED


def test_the_progress_of_slow_ranges_is_told(long, executions, clip, tmp_path):
    slow = tmp_path / "ffmpeg"
    slow.write_text(f'#!/bin/sh\nsleep 5.5\nexec {find_ffmpeg()} "$@"\n')
    slow.chmod(0o755)
    key = "long/slow.mp4"
    with long.reconfigured("encodeRange", FFMPEG_PATH=str(slow)):
        long.upload(key, clip)
        wait_for(lambda: (asset := long.asset(key)) and asset.progress, "a range to be counted")
        long.s3.delete_object(Bucket=long.uploads, Key=key)


def test_a_range_that_outlives_its_upload_removes_what_it_stored(long, executions, clip, tmp_path):
    slow = tmp_path / "ffmpeg"
    started = tmp_path / "started"
    slow.write_text(f'#!/bin/sh\ntouch {started}\nsleep 2\nexec {find_ffmpeg()} "$@"\n')
    slow.chmod(0o755)
    with long.reconfigured("encodeRange", FFMPEG_PATH=str(slow)):
        key = "long/outlived.mp4"
        long.upload(key, clip)
        wait_for(started.exists, "a range to be encoded")
        old = long.asset(key)
        marker = long.s3.delete_object(Bucket=long.uploads, Key=key)["VersionId"]
        long.wait(key, marker, AssetStatus.DELETED)
        below = version_prefix(old.source, old.sequencer)
        wait_for(
            lambda: any(
                "EncodeRangeRole" in each.role
                and each.action == "s3:DeleteObject"
                and below in each.resource
                for each in read_decisions(long.emulator)
            ),
            "the range to be removed by who stored it",
        )
        wait_for(lambda: not long.stored(key), "the parts to go")


@pytest.mark.parametrize("function", ["planVideo", "failVideo"])
def test_a_step_of_an_unwanted_upload_removes_what_is_left_of_it(long, function):
    key = f"long/left-{function}.m4a"
    version = long.upload(key, MEDIA / "voice.m4a")
    asset = long.wait(key, version)
    marker = long.s3.delete_object(Bucket=long.uploads, Key=key)["VersionId"]
    long.wait(key, marker, AssetStatus.DELETED)
    wait_for(lambda: not long.stored(key), "the renditions to be swept")
    late = f"{version_prefix(asset.source, asset.sequencer)}recipe/late.m4s"
    long.s3.put_object(Bucket=long.renditions, Key=late, Body=b"stored after the sweep")
    payload = {
        "event": json.loads(messages.serialize_event(event_of(asset))),
        "execution": name_of(asset),
        "failure": {"Error": "States.Timeout", "Cause": ""},
    }
    answer = long.functions.invoke(FunctionName=FUNCTIONS + function, Payload=json.dumps(payload))
    assert "FunctionError" not in answer
    assert not long.stored(key)


def stop(long, executions, key):
    """Stop the execution of a source by hand, once it works."""
    asset = wait_for(
        lambda: (asset := long.asset(key)) and asset.execution and asset, "the lease to be taken"
    )
    executions.stop_execution(executionArn=arn_of(executions, asset.execution))


def test_an_execution_that_is_stopped_by_hand_is_followed_by_another(long, executions, clip):
    key = "long/stopped.mp4"
    version = long.upload(key, clip)
    stop(long, executions, key)
    ready = long.wait(key, version)
    assert (ready.status, ready.history.failed) == (AssetStatus.READY, 1)
    assert ready.history.entries[0].failure.message == "unexpected ABORTED"
    assert ready.execution == name_of(ready, 2)
    assert ended(executions, ready.execution)["status"] == "SUCCEEDED"
    assert not long.messages(long.outputs["VideoDeadLetters"])


def test_an_upload_whose_executions_all_failed_is_kept_and_can_be_redriven(long, executions, clip):
    key = "long/given-up.mp4"
    with long.reconfigured("failVideo", MAX_ATTEMPTS="1"):
        version = long.upload(key, clip)
        stop(long, executions, key)
        failed = long.wait(key, version, AssetStatus.FAILED)
    assert (failed.error.code, failed.error.permanent) == ("EXHAUSTED", False)
    assert "ABORTED" in failed.error.message
    letters = long.outputs["VideoDeadLetters"]
    [letter] = wait_for(lambda: long.messages(letters), "the upload to be kept")
    assert letter["MessageAttributes"]["reason"]["StringValue"] == failed.error.message
    queue = long.sqs.get_queue_url(QueueName=video_queue(long))["QueueUrl"]
    long.sqs.send_message(QueueUrl=queue, MessageBody=letter["Body"])
    ready = long.wait(key, version, AssetStatus.READY)
    assert ready.execution == name_of(ready, 2)


def charged(deployed, execution):
    """Return the dollars that an execution was charged for in the budget."""
    key = {"pk": {"S": execution}}
    table = deployed.outputs["BudgetTable"]
    return float(
        boto3.client("dynamodb").get_item(TableName=table, Key=key)["Item"]["dollars"]["N"]
    )


def video_queue(deployed):
    found = deployed.functions.get_function_configuration(FunctionName=FUNCTIONS + "processVideo")
    return found["Environment"]["Variables"]["QUEUE_URL"].rsplit("/", 1)[-1]


def test_a_price_above_the_limit_is_rejected_with_the_reason(long, executions, clip):
    before = reconfigure(long.functions, "planVideo", {"DOLLARS": "0"})
    try:
        key = "long/expensive.mp4"
        asset = long.wait(key, long.upload(key, clip))
    finally:
        reconfigure(long.functions, "planVideo", before)
    assert (asset.status, asset.error.code) == (AssetStatus.REJECTED, "LIMIT_EXCEEDED")
    assert "$0.00" in asset.error.message
    assert ended(executions, name_of(asset))["status"] == "SUCCEEDED"


def test_a_range_that_fails_for_good_ends_the_execution_with_its_reason(
    long, executions, clip, tmp_path
):
    broken = tmp_path / "ffmpeg"
    broken.write_text("#!/bin/sh\necho '[mov @ 0x1] [error] the frames are broken' >&2\nexit 1\n")
    broken.chmod(0o755)
    before = reconfigure(long.functions, "encodeRange", {"FFMPEG_PATH": str(broken)})
    try:
        key = "long/broken.mp4"
        asset = long.wait(key, long.upload(key, clip))
        assert ended(executions, name_of(asset))["status"] == "SUCCEEDED"
    finally:
        reconfigure(long.functions, "encodeRange", before)
    assert (asset.status, asset.error.permanent) == (AssetStatus.FAILED, True)
    assert (asset.error.code, asset.error.message) == ("CORRUPT_MEDIA", "the frames are broken")
    assert not long.messages(long.outputs["VideoDeadLetters"])


def test_many_ranges_run_in_executions_of_their_own(long, executions, tmp_path):
    path = tmp_path / "hours.mp4"
    subprocess.run(
        [
            *(find_ffmpeg(), "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=64x36:r=4:d=168"),
            *("-c:v", "libx264", "-preset", "ultrafast", "-g", "4", str(path)),
        ],
        check=True,
    )
    key = "long/hours.mp4"
    asset = long.wait(key, long.upload(key, path))
    assert (asset.status, asset.error) == (AssetStatus.READY, None)
    arn = arn_of(executions, asset.execution)
    [run] = executions.list_map_runs(executionArn=arn)["mapRuns"]
    counts = executions.describe_map_run(mapRunArn=run["mapRunArn"])["itemCounts"]
    assert (counts["total"], counts["succeeded"]) == (42, 42)
    prefix = asset.manifest_key.replace("manifest.json", "h264-36/")
    segments = [each for each in long.stored(key) if each.startswith(prefix) and "m4s" in each]
    assert len(segments) == 42


def test_rungs_are_held_against_the_source(long, executions, tmp_path):
    path = tmp_path / "rungs.mp4"
    subprocess.run(
        [
            *(find_ffmpeg(), "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=640x360:r=5:d=21"),
            *("-c:v", "libx264", "-preset", "ultrafast", "-g", "20", str(path)),
        ],
        check=True,
    )
    key = "long/rungs.mp4"
    asset = long.wait(key, long.upload(key, path))
    assert (asset.status, asset.error) == (AssetStatus.READY, None)
    assert any("/h264-240/" in each for each in long.stored(key))


def test_killed_encoders_are_tried_again_and_give_the_same_manifest(
    long, executions, clip, tmp_path
):
    key = "long/killed.mp4"
    whole = long.wait("long/whole-2.mp4", long.upload("long/whole-2.mp4", clip))
    fatal = tmp_path / "ffmpeg"
    marks = tmp_path / "killed"
    marks.mkdir()
    # Two of three first processes end as if memory had run out; all later ones work.
    fatal.write_text(
        f"#!/bin/sh\nfor number in 1 2; do\n"
        f"mkdir {marks}/$number 2>/dev/null && kill -9 $PPID\ndone\n"
        f'exec {find_ffmpeg()} "$@"\n'
    )
    fatal.chmod(0o755)
    before = reconfigure(long.functions, "encodeRange", {"FFMPEG_PATH": str(fatal)})
    try:
        asset = long.wait(key, long.upload(key, clip))
    finally:
        reconfigure(long.functions, "encodeRange", before)
    assert len(list(marks.iterdir())) == 2
    assert (asset.status, asset.attempts) == (AssetStatus.READY, 1)
    made = {each.name: each.sha256 for each in asset.renditions}
    assert made == {each.name: each.sha256 for each in whole.renditions}
    assert json.loads(long.fetch(asset.manifest_key))["renditions"]
