"""Read S3's notifications; write and read the topic's messages (JSON, one schema)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar

from lib.domain.errors import ErrorCode, TransientError
from lib.domain.events import SCHEMA, Action, ObjectEvent, Source, UploadEvent
from lib.domain.keys import decode_event_key
from lib.domain.media import MediaType
from lib.domain.serialized import source_to_values

Name = TypeVar("Name", bound=StrEnum)

EVENT_MAJOR_VERSION = "2"
"""S3: equal major version, any minor one (2.1 to 2.6 are seen).

https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
"""

ACTIONS = {
    "ObjectCreated": Action.CREATED,
    "ObjectRemoved": Action.REMOVED,
    "LifecycleExpiration": Action.REMOVED,  # a rule of the bucket: no ObjectRemoved tells of it
}


def parse_object_events(event: Mapping[str, Any]) -> list[ObjectEvent]:
    """Return what a notification says was created or removed, in its order.

    A test event and event names that are neither give nothing. Raises ValueError, which names what
    was expected, on anything that is not a notification of version 2.
    """
    if event.get("Event") == "s3:TestEvent":
        return []
    records = event.get("Records")
    if not isinstance(records, list):
        raise _unexpected("a list", "Records", records)
    parsed = (_parse_record(record) for record in records)
    return [each for each in parsed if each is not None]


def _parse_record(record: Mapping[str, Any]) -> ObjectEvent | None:
    version = _text(record, "eventVersion")
    if version.split(".")[0] != EVENT_MAJOR_VERSION:
        raise _unexpected("2.x", "eventVersion", version)
    name = _text(record, "eventName").removeprefix("s3:")
    action = ACTIONS.get(name.split(":")[0])
    if action is None:
        return None
    s3 = _table(record, "s3")
    stored = _table(s3, "object")
    return ObjectEvent(
        action,
        Source(
            bucket=_text(_table(s3, "bucket"), "name"),
            key=decode_event_key(_text(stored, "key")),
            # Removals have neither size nor eTag, unversioned buckets no versionId.
            version_id=_text(stored, "versionId", ""),
            etag=_text(stored, "eTag", "").strip('"'),
            size=_whole(stored, "size", 0),
        ),
        _text(stored, "sequencer"),
    )


def serialize_event(event: UploadEvent) -> str:
    """Return the message body of an event, in ASCII: SQS refuses most control characters."""
    message: dict[str, object] = {
        "schema": SCHEMA,
        "action": event.action,
        **source_to_values(event.source),
        "sequencer": event.sequencer,
        "media_type": event.media_type,
        "mime": event.mime,
        "received_at": event.received_at,
    }
    if event.preset is not None:
        message["preset"] = event.preset
    if event.lease is not None:
        message["lease"] = event.lease
    return json.dumps(message, separators=(",", ":"))


def deserialize_event(body: str) -> UploadEvent:
    """Return the event of a message body; unknown fields are ignored.

    Raises TransientError where a newer release wrote it: it waits for that one. Raises ValueError,
    which names what was expected, on anything that no release can have written.
    """
    try:
        message = json.loads(body)
    except ValueError as exc:
        raise _unexpected("JSON", "the message", body[:80]) from exc
    if not isinstance(message, dict):
        raise _unexpected("an object", "the message", body[:80])
    return event_from_values(message)


def event_from_values(message: Mapping[str, Any]) -> UploadEvent:
    """Return the event of a message that is an object already. Raises as above."""
    schema = _whole(message, "schema")
    if schema > SCHEMA:
        raise _newer(str(SCHEMA), "schema", schema)
    if schema < SCHEMA:
        raise _unexpected(str(SCHEMA), "schema", schema)
    return UploadEvent(
        _known(Action, message, "action"),
        Source(
            bucket=_text(message, "bucket"),
            key=_text(message, "key"),
            version_id=_text(message, "version_id"),
            etag=_text(message, "etag"),
            size=_whole(message, "size"),
        ),
        sequencer=_text(message, "sequencer"),
        media_type=_known(MediaType, message, "media_type"),
        mime=_text(message, "mime"),
        received_at=_text(message, "received_at"),
        preset=_text(message, "preset") if message.get("preset") is not None else None,
        lease=_text(message, "lease") if message.get("lease") is not None else None,
    )


def _table(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = record.get(name)
    if not isinstance(value, Mapping):
        raise _unexpected("an object", name, value)
    return value


def _text(record: Mapping[str, Any], name: str, default: str | None = None) -> str:
    value = record.get(name, default)
    if not isinstance(value, str):
        raise _unexpected("a text", name, value)
    return value


def _whole(record: Mapping[str, Any], name: str, default: int | None = None) -> int:
    value = record.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise _unexpected("a whole number", name, value)
    return value


def _known(kind: type[Name], message: Mapping[str, Any], name: str) -> Name:
    """Return a member of an enumeration, of which a newer release may have others."""
    text = _text(message, name)
    for each in kind:
        if each.value == text:
            return each
    raise _newer(f"one of {', '.join(kind)}", name, text)


def _newer(expected: str, name: str, received: object) -> TransientError:
    return TransientError(
        ErrorCode.SERVICE_UNAVAILABLE,
        f"waits for a newer release: {_unexpected(expected, name, received)}",
    )


def _unexpected(expected: str, name: str, received: object) -> ValueError:
    return ValueError(f"expected {expected} for {name} but received {received!r}")
