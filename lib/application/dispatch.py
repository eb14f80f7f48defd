"""Look at what is current in the uploads bucket, record it, and publish it."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from lib.domain.asset import Asset, AssetStatus
from lib.domain.clock import Clock
from lib.domain.errors import ErrorCode, Failure, TransientError
from lib.domain.events import Action, Current, ObjectEvent, UploadEvent
from lib.domain.keys import asset_id, next_sequencer
from lib.domain.media import MediaType
from lib.domain.ports import Catalog, Sources, Topic
from lib.sniff import HEAD_BYTES, sniff

MOST_LOOKS = 20
"""At S3, for one event: the entry changes as often only where something is wrong."""


class Recording(StrEnum):
    """What became of an event."""

    RECORDED = "RECORDED"
    """The catalog says now what is current."""
    KNOWN = "KNOWN"
    """It said so already."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What is current of an event's key, and whether that was news.

    `rejected` says why there is nothing to process. `publish`: the topic is to hear of it.
    """

    event: UploadEvent
    state: Recording
    publish: bool
    rejected: Failure | None = None

    @property
    def is_news(self) -> bool:
        """Tell whether the catalog did not say so before."""
        return self.state is Recording.RECORDED


def dispatch(
    events: Iterable[ObjectEvent],
    sources: Sources,
    catalog: Catalog,
    topic: Topic,
    clock: Clock = time.time,
) -> list[Recorded]:
    """Record what is current of every event's key, then publish what is new, or may be.

    An upload that nobody has begun is published again: the earlier publication may have failed,
    and the processors' claim makes a repeat harmless. Raises TransientError; the whole call can be
    repeated.
    """
    recorded = [record_current(event, sources, catalog, clock) for event in events]
    topic.publish(each.event for each in recorded if each.publish)
    return recorded


def record_current(
    hint: ObjectEvent, sources: Sources, catalog: Catalog, clock: Clock = time.time
) -> Recorded:
    """Make a key's entry say what is current in S3, whatever `hint` says of it.

    The entry is looked at first and S3 after it, and written only if it did not change meanwhile.
    So what is written is never older than what it replaces, and after the last change of a key
    the first event that is dispatched completes the picture: events may come late, twice and in
    any order. Raises TransientError.

    An event that finds the entry right leaves no trace, so that a slower one, which looked at S3
    before, may still write what was current then. Who wrote over an entry therefore looks at S3
    once more. A key's first upload does not need to: where there was no entry, nothing was right.
    """
    bucket, key = hint.source.bucket, hint.source.key
    received_at = datetime.fromtimestamp(clock(), UTC).isoformat(timespec="milliseconds")
    # A key's first upload is the usual case, and needs no look: the write says if there is one.
    seen = catalog.get(asset_id(bucket, key)) if hint.action is Action.REMOVED else None
    for _ in range(MOST_LOOKS):
        current = sources.find_current(bucket, key, HEAD_BYTES)
        event, failure = _describe(hint, current, seen, received_at)
        if seen and _shows(seen, current):
            recorded = seen.sequencer[: seen.sequencer_length]
            known = replace(event, sequencer=recorded)
            return Recorded(known, Recording.KNOWN, _may_be_unheard(seen, hint), failure)
        overtaken = _write(event, failure, catalog, seen.sequencer if seen else None)
        if overtaken is None:
            if seen is None or _is_same(current, sources.find_current(bucket, key, HEAD_BYTES)):
                return Recorded(event, Recording.RECORDED, failure is None, failure)
            overtaken = catalog.get(asset_id(bucket, key))
        seen = overtaken
    raise TransientError(
        ErrorCode.SERVICE_UNAVAILABLE, f"{bucket}/{key} changes faster than it can be recorded"
    )


def _describe(
    hint: ObjectEvent, current: Current | None, seen: Asset | None, received_at: str
) -> tuple[UploadEvent, Failure | None]:
    """Return what is to be recorded of what is current, and why it is rejected, if it is."""
    event = UploadEvent(
        action=Action.REMOVED,
        source=hint.source,
        sequencer=hint.sequencer,
        media_type=seen.media_type if seen else MediaType.UNSUPPORTED,
        mime=seen.mime if seen else "",
        received_at=received_at,
    )
    if seen:
        recorded = seen.sequencer[: seen.sequencer_length]
        event = replace(event, sequencer=next_sequencer(hint.sequencer, recorded))
    if current is None:
        return event, None
    sniffed = sniff(current.head)
    event = replace(
        event,
        action=Action.CREATED,
        source=current.source,
        media_type=sniffed.media_type,
        mime=sniffed.mime,
        preset=current.preset,
    )
    if sniffed.media_type is not MediaType.UNSUPPORTED:
        return event, None
    reason = sniffed.reason or "not a known image, video or audio file"
    return event, Failure(ErrorCode.UNSUPPORTED_MEDIA, reason)


def _write(
    event: UploadEvent, failure: Failure | None, catalog: Catalog, after: str | None
) -> Asset | None:
    """Write a tombstone, a rejection or a receipt; return the entry that prevented it, if any."""
    if event.action is Action.REMOVED:
        return catalog.remove(event, after=after)
    if failure:
        return catalog.reject(event, failure, after=after)
    return catalog.receive(event, after=after)


def _shows(asset: Asset, current: Current | None) -> bool:
    """Tell whether an entry is of what is current.

    By the ETag too: a bucket whose versioning is suspended calls each new object's version `null`.
    """
    if current is None or asset.status is AssetStatus.DELETED:
        return current is None and asset.status is AssetStatus.DELETED
    stored, source = asset.source, current.source
    return (stored.version_id, stored.etag) == (source.version_id, source.etag)


def _is_same(before: Current | None, now: Current | None) -> bool:
    """Tell whether what was current still is."""
    if before is None or now is None:
        return before is now
    first, second = before.source, now.source
    return (first.version_id, first.etag) == (second.version_id, second.etag)


def _may_be_unheard(asset: Asset, hint: ObjectEvent) -> bool:
    """Tell whether what is recorded may never have been published: who wrote it may have died."""
    if asset.status is AssetStatus.DELETED:
        return hint.action is Action.REMOVED
    return asset.status is AssetStatus.RECEIVED
