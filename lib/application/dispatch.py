"""Look at what arrived in the uploads bucket, record it, and publish it."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from lib.application.event_order import write_in_order
from lib.domain.asset import Claim, ClaimState
from lib.domain.clock import Clock
from lib.domain.errors import ErrorCode, Failure, PermanentError
from lib.domain.events import Action, ObjectEvent, UploadEvent
from lib.domain.keys import asset_id
from lib.domain.media import MediaType
from lib.domain.ports import Catalog, Sources, Topic
from lib.sniff import HEAD_BYTES, sniff


@dataclass(frozen=True, slots=True)
class Recorded:
    """What dispatch did with one event; `rejected` says why there is nothing to process."""

    event: UploadEvent
    state: ClaimState
    rejected: Failure | None = None


def dispatch(
    events: Iterable[ObjectEvent],
    sources: Sources,
    catalog: Catalog,
    topic: Topic,
    clock: Clock = time.time,
) -> list[Recorded]:
    """Record every event in the catalog, then publish those that are not stale or rejected.

    An upload that is recorded already is published again: the earlier publication may have
    failed, and the processors' claim makes a repeat harmless. Raises TransientError; the whole
    call can be repeated.
    """
    received_at = datetime.fromtimestamp(clock(), UTC).isoformat(timespec="milliseconds")
    recorded = [
        _record(upload, sources, catalog)
        for event in events
        if (upload := _describe(event, received_at, sources, catalog)) is not None
    ]
    topic.publish(
        each.event
        for each in recorded
        if each.state is not ClaimState.STALE and each.rejected is None
    )
    return recorded


def _describe(
    event: ObjectEvent, received_at: str, sources: Sources, catalog: Catalog
) -> UploadEvent | None:
    """Turn an S3 record into the event it stands for; None where nothing changed."""
    described = UploadEvent(
        action=event.action,
        source=event.source,
        sequencer=event.sequencer,
        media_type=MediaType.UNSUPPORTED,
        mime="",
        received_at=received_at,
    )
    if event.permanent:
        # One version was deleted for good. If another one is current now, that is what to show.
        current = sources.current_version(event.source.bucket, event.source.key)
        if current is not None:
            described = replace(described, action=Action.CREATED, source=current)
            # Where it is known, events from before this one must not undo it; where it is recorded
            # by this very event already, its publication may have failed.
            return None if catalog.confirm(described) else described
    if event.action is Action.REMOVED:
        asset = catalog.get(asset_id(event.source.bucket, event.source.key))
        if asset is not None:
            described = replace(described, media_type=asset.media_type, mime=asset.mime)
    return described


def _record(event: UploadEvent, sources: Sources, catalog: Catalog) -> Recorded:
    """Write an event into the catalog: a tombstone, a rejection or a receipt."""

    def remove(over: str | None) -> Claim:
        return catalog.remove(event, over=over)

    def reject(over: str | None) -> Claim:
        return catalog.reject(event, failure, over=over)

    def receive(over: str | None) -> Claim:
        return catalog.receive(event, over=over)

    if event.action is Action.REMOVED:
        return Recorded(event, write_in_order(remove, event, sources).state)
    try:
        head = sources.read_head(event.source, HEAD_BYTES)
    except PermanentError as gone:
        failure = Failure.of(gone)
    else:
        sniffed = sniff(head.content)
        event = replace(event, media_type=sniffed.media_type, mime=sniffed.mime, preset=head.preset)
        if sniffed.media_type is not MediaType.UNSUPPORTED:
            return Recorded(event, write_in_order(receive, event, sources).state)
        reason = sniffed.reason or "not a known image, video or audio file"
        failure = Failure(ErrorCode.UNSUPPORTED_MEDIA, reason)
    return Recorded(event, write_in_order(reject, event, sources).state, rejected=failure)
