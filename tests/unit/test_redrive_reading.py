"""What each message of each failure queue becomes when it is sent again."""

import json
from dataclasses import replace

import pytest

from lib.application.redrive.letters import FailureQueue, Subject, Target, Verdict
from lib.application.redrive.reading import read_letter
from lib.domain import messages
from lib.domain.errors import ErrorCode, TransientError
from lib.domain.media import MediaType
from tests.support.failure_letters import (
    MemoryStream,
    change_record,
    ended_execution,
    failed_batch,
    failed_call,
    letter,
)
from tests.support.fakes import UPLOADS, MemorySources, received

KEY = "été à la plage + 1.jpg"
EVENT = received(MemorySources().upload(KEY, b"content"))
BODY = messages.serialize_event(EVENT)
OURS = Subject(UPLOADS, KEY)
S3_EVENT = {
    "Records": [
        {
            "eventVersion": "2.1",
            "eventName": name,
            "s3": {
                "bucket": {"name": UPLOADS},
                "object": {"key": "a+b.jpg", "versionId": "v1", "sequencer": "00"},
            },
        }
        for name in ("ObjectCreated:Put", "ObjectRemoved:Delete")
    ]
}
LETTERS = [FailureQueue.IMAGE, FailureQueue.VIDEO, FailureQueue.SUBSCRIPTION]


def read(queue, body, records=None):
    return read_letter(queue, letter(body), MemoryStream(records))


@pytest.mark.parametrize(
    ("queue", "media_type", "target"),
    [
        (FailureQueue.IMAGE, MediaType.IMAGE, Target.IMAGE_QUEUE),
        (FailureQueue.VIDEO, MediaType.VIDEO, Target.VIDEO_QUEUE),
        (FailureQueue.VIDEO, MediaType.IMAGE, Target.VIDEO_QUEUE),  # an animation with an MP4
        (FailureQueue.SUBSCRIPTION, MediaType.IMAGE, Target.IMAGE_QUEUE),
        (FailureQueue.SUBSCRIPTION, MediaType.VIDEO, Target.VIDEO_QUEUE),
        (FailureQueue.SUBSCRIPTION, MediaType.AUDIO, Target.VIDEO_QUEUE),
    ],
)
def test_a_message_of_the_topic_goes_to_its_queue_as_it_is(queue, media_type, target):
    body = messages.serialize_event(replace(EVENT, media_type=media_type))
    job = read(queue, body)
    assert (job.verdict, job.target, job.payload) == (Verdict.SEND, target, body)
    assert (job.subjects, job.sequencer) == ((OURS,), EVENT.sequencer)


def test_a_notification_of_the_topic_is_taken_out_of_its_envelope():
    envelope = {"Type": "Notification", "MessageId": "1", "Message": BODY}
    job = read(FailureQueue.SUBSCRIPTION, envelope)
    assert (job.target, job.payload) == (Target.IMAGE_QUEUE, BODY)


def test_dispatch_is_called_again_with_what_it_was_called_with():
    job = read(FailureQueue.DISPATCH, failed_call(S3_EVENT))
    assert (job.verdict, job.target) == (Verdict.SEND, Target.DISPATCH)
    assert json.loads(job.payload) == S3_EVENT
    assert job.subjects == (Subject(UPLOADS, "a b.jpg"),)


@pytest.mark.parametrize("wrap", [lambda event: event, failed_call], ids=["EventBridge", "Lambda"])
def test_fail_video_is_called_again_with_the_end_of_an_execution(wrap):
    ending = ended_execution(EVENT)
    job = read(FailureQueue.EXECUTION, wrap(ending))
    assert (job.verdict, job.target) == (Verdict.SEND, Target.FAIL_VIDEO)
    assert json.loads(job.payload) == ending
    assert job.subjects == (OURS,)


@pytest.mark.parametrize(("function", "target"), [("sweep", "sweep"), ("notify", "notify")])
def test_changes_that_the_stream_still_holds_are_handed_over_again(function, target):
    records = [change_record("a.jpg", "000100"), change_record("b.jpg", "000101")]
    job = read(FailureQueue.STREAM, failed_batch(function), records)
    assert (job.verdict, job.target) == (Verdict.SEND, target)
    assert json.loads(job.payload) == {"Records": records}
    assert job.subjects == (Subject(UPLOADS, "a.jpg"), Subject(UPLOADS, "b.jpg"))
    assert (job.batch.first, job.batch.last) == ("000100", "000101")


def test_changes_that_the_stream_has_forgotten_are_lost():
    job = read(FailureQueue.STREAM, failed_batch("sweep"))
    assert (job.verdict, job.target, job.subjects) == (Verdict.LOST, None, ())
    assert "sweep gave up 2 changes, which the stream has forgotten" in job.problem
    assert job.batch.until == job.batch.since + 1


@pytest.mark.parametrize("queue", FailureQueue)
@pytest.mark.parametrize(
    "body",
    [
        "",
        "no JSON",
        "[]",
        "null",
        '"text"',
        "{}",
        '{"schema": 1, "this": "is not ours"}',
        json.dumps(failed_call({"Records": "none"}, "somebody-elses")),
        json.dumps(failed_call(None)),
        json.dumps(failed_batch("somebody-elses-resize")),
        json.dumps(failed_batch("sweep", first="none")),
        json.dumps({"detail": {"status": "FAILED", "name": "e1", "input": "no JSON"}}),
    ],
)
def test_what_is_none_of_ours_is_never_sent(queue, body):
    job = read(queue, body)
    assert (job.verdict, job.target, job.payload) == (Verdict.POISON, None, "")
    assert job.problem


def test_the_reason_is_the_one_that_came_with_the_message():
    told = letter("no JSON", reason="expected an upload but received a poem")
    assert read_letter(FailureQueue.IMAGE, told, MemoryStream()).problem == (
        "expected an upload but received a poem"
    )


@pytest.mark.parametrize("queue", LETTERS)
def test_a_message_of_a_newer_release_waits_for_that(queue):
    job = read(queue, json.loads(BODY) | {"schema": 99})
    assert (job.verdict, job.target) == (Verdict.LATER, None)
    assert "waits for a newer release" in job.problem


def test_an_execution_of_a_newer_release_waits_for_that():
    ending = ended_execution(EVENT)
    ending["detail"]["input"] = json.dumps(json.loads(BODY) | {"schema": 99})
    assert read(FailureQueue.EXECUTION, failed_call(ending)).verdict is Verdict.LATER


def test_a_stream_that_cannot_be_read_is_not_a_message_that_is_not_ours():
    class Away:
        def read(self, batch):
            raise TransientError(ErrorCode.SERVICE_UNAVAILABLE, "the stream is away")

    class Broken:
        def read(self, batch):
            raise KeyError("a bug of ours")

    for stream, error in ((Away(), TransientError), (Broken(), KeyError)):
        with pytest.raises(error):
            read_letter(FailureQueue.STREAM, letter(failed_batch("sweep")), stream)
