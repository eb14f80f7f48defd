"""Find out what a message of a failure queue becomes when it is sent again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lib.application.long_video.fail import read_ending
from lib.application.redrive.letters import (
    Batch,
    FailureQueue,
    Job,
    Letter,
    Streams,
    Subject,
    Target,
    Verdict,
)
from lib.domain.clock import from_iso
from lib.domain.errors import MediaError
from lib.domain.events import Source, UploadEvent
from lib.domain.media import MediaType
from lib.domain.messages import deserialize_event, parse_object_events


def read_letter(queue: FailureQueue, letter: Letter, streams: Streams) -> Job:
    """Find out what a message becomes. Raises TransientError where the stream can't be read."""
    try:
        job = _parse(queue, letter)
    except _NewerError as exc:
        return Job(queue, letter, Verdict.LATER, problem=str(exc.__cause__))
    except (ValueError, LookupError, TypeError, AttributeError) as exc:
        # Whoever put it there may have said why, and saw more of it.
        reason = letter.attributes.get("reason") or f"{type(exc).__name__}: {exc}"
        return Job(queue, letter, Verdict.POISON, problem=reason)
    return _with_changes(job, job.batch, streams) if job.batch else job


def _parse(queue: FailureQueue, letter: Letter) -> Job:
    match queue:
        case FailureQueue.STREAM:
            return _read_batch(letter)
        case FailureQueue.DISPATCH:
            return _read_object_events(letter)
        case FailureQueue.EXECUTION:
            return _read_ending(letter)
    return _read_upload(queue, letter)


class _NewerError(Exception):
    """A newer release wrote a message."""


def _read_upload(queue: FailureQueue, letter: Letter) -> Job:
    body = letter.body
    if queue is FailureQueue.SUBSCRIPTION:
        body = _without_envelope(body)
    try:
        event = deserialize_event(body)
    except MediaError as exc:
        raise _NewerError from exc
    target = {
        FailureQueue.IMAGE: Target.IMAGE_QUEUE,
        FailureQueue.VIDEO: Target.VIDEO_QUEUE,  # animations with an MP4 too, which are images
    }.get(queue)
    if target is None:
        target = _SUBSCRIBED[event.media_type]
    return Job(
        queue, letter, Verdict.SEND, target, body, (_subject(event.source),), event.sequencer
    )


_SUBSCRIBED = {
    MediaType.IMAGE: Target.IMAGE_QUEUE,
    MediaType.VIDEO: Target.VIDEO_QUEUE,
    MediaType.AUDIO: Target.VIDEO_QUEUE,
}
"""As the filter policies of the topic's subscriptions."""


def _without_envelope(body: str) -> str:
    """Return the message of a notification of SNS, which raw delivery does without."""
    notification = json.loads(body)
    if notification.get("Type") == "Notification":
        return str(notification["Message"])
    return body


def _read_object_events(letter: Letter) -> Job:
    payload = _request_payload(letter.body)
    events = parse_object_events(payload)
    subjects = dict.fromkeys(_subject(each.source) for each in events)
    return Job(
        FailureQueue.DISPATCH,
        letter,
        Verdict.SEND,
        Target.DISPATCH,
        json.dumps(payload),
        tuple(subjects),
    )


def _read_ending(letter: Letter) -> Job:
    payload = _request_payload(letter.body)
    try:
        event: UploadEvent = read_ending(payload).event
    except MediaError as exc:
        raise _NewerError from exc
    return Job(
        FailureQueue.EXECUTION,
        letter,
        Verdict.SEND,
        Target.FAIL_VIDEO,
        json.dumps(payload),
        (_subject(event.source),),
    )


def _read_batch(letter: Letter) -> Job:
    """Return what Lambda tells of a batch that it gave up, with its own words for the fields."""
    record = json.loads(letter.body)
    target = _OF_STREAM[record["requestContext"]["functionArn"].rpartition("-")[2]]
    told = record["DDBStreamBatchInfo"]
    batch = Batch(
        stream_arn=str(told["streamArn"]),
        shard_id=str(told["shardId"]),
        first=_digits(told["startSequenceNumber"]),
        last=_digits(told["endSequenceNumber"]),
        size=int(told["batchSize"]),
        since=from_iso(told["approximateArrivalOfFirstRecord"]),
        until=from_iso(told["approximateArrivalOfLastRecord"]),
    )
    return Job(FailureQueue.STREAM, letter, Verdict.LOST, target, batch=batch)


def _digits(number: object) -> str:
    """Return a sequence number as it is written, with its leading zeros."""
    if not isinstance(number, str) or not number.isdecimal():
        raise ValueError(f"expected digits for a sequence number but received {number!r}")
    return number


def _with_changes(job: Job, batch: Batch, streams: Streams) -> Job:
    """Return a job with the changes of its batch, where the stream still holds them."""
    records = streams.read(batch)
    if records is None:
        problem = f"{job.target} gave up {batch.size} changes, which the stream has forgotten"
        return replace(job, target=None, problem=problem)
    return replace(
        job,
        verdict=Verdict.SEND,
        payload=json.dumps({"Records": records}),
        subjects=tuple(dict.fromkeys(map(_changed, records))),
    )


_OF_STREAM = {"sweep": Target.SWEEP, "notify": Target.NOTIFY}
"""By how the functions' names end: nothing else that an ARN says is believed."""


def _changed(record: Mapping[str, Any]) -> Subject:
    change = record["dynamodb"]
    image = change.get("NewImage") or change["OldImage"]
    return Subject(image["bucket"]["S"], image["key"]["S"])


def _request_payload(body: str) -> Any:
    """Return what a function was called with: of Lambda's record of the call, or the body itself.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """
    record = json.loads(body)
    return record.get("requestPayload", record)


def _subject(source: Source) -> Subject:
    return Subject(source.bucket, source.key)
