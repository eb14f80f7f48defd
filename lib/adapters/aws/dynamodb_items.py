"""Write an asset as a DynamoDB item and read it back; also from the images of the table's stream.

By hand, because boto3's own serializer wants Decimal for every number and is slow to import.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, TypeAlias

from lib.domain.asset import Asset, AssetStatus, Attempt, Change, History, Outcome
from lib.domain.errors import MediaError
from lib.domain.keys import SEQUENCER_WIDTH
from lib.domain.media import MediaType
from lib.domain.serialized import (
    Record,
    failure_from_values,
    failure_to_values,
    number_of,
    placeholder_from_values,
    placeholder_to_values,
    rendition_from_values,
    rendition_to_values,
    source_from_values,
    table_of,
    tables_of,
    text_of,
)
from lib.domain.serialized_probe import probe_from_values, probe_to_values

AttributeValue: TypeAlias = Any
"""`{"S": "text"}`, `{"N": "1"}`, …: as boto3's client and the stream's images write a value."""


def to_attribute(value: object) -> AttributeValue:
    """Return a value as DynamoDB takes it. None inside a map is left out."""
    match value:
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": str(value)}
        case int() | float():
            return {"N": repr(value)}
        case Mapping():
            return {
                "M": {name: to_attribute(each) for name, each in value.items() if each is not None}
            }
        case list() | tuple():
            return {"L": [to_attribute(each) for each in value]}
    raise TypeError(f"expected text, number, map or list but received {type(value).__name__}")


def from_attribute(value: AttributeValue) -> Any:
    """Return what `to_attribute` was given."""
    ((kind, content),) = value.items()
    match kind:
        case "NULL":
            return None
        case "N":
            return int(content) if content.lstrip("-").isdigit() else float(content)
        case "M":
            return from_item(content)
        case "L":
            return [from_attribute(each) for each in content]
    return content


def from_item(item: Mapping[str, AttributeValue]) -> dict[str, Any]:
    """Return an item, or a map inside one, as plain values."""
    return {name: from_attribute(value) for name, value in item.items()}


def live_attributes(outcome: Outcome) -> dict[str, object]:
    """Return the attributes that describe what is live; None for those it doesn't have."""
    probe = probe_to_values(outcome.probe)
    return {
        "probe": probe,
        "width": probe["width"],
        "height": probe["height"],
        "duration_ms": probe["duration_ms"],
        "placeholder": outcome.placeholder and placeholder_to_values(outcome.placeholder),
        "preset": outcome.preset,
        "recipe": outcome.recipe,
        "renditions": [rendition_to_values(each) for each in outcome.renditions],
        "manifest_key": outcome.manifest_key,
    }


NO_WORK: Mapping[str, object] = dict.fromkeys(
    (
        "lease_token",
        "lease_expires_at",
        "execution",
        "estimate_ms",
        "progress",
        "abandoned",
        "error",
        "processed_ms",
        "expires_at",
        "failed_attempts",
        "history",
        "confirmed",  # of releases that ordered events by their sequencers
    )
)
"""What an upload has not got yet when it is received."""

NOTHING_LIVE: Mapping[str, object] = {
    **dict.fromkeys(live_attributes(Outcome(AssetStatus.DELETED))),
    "live_version_id": None,
}


def history_attributes(history: History | None) -> dict[str, object]:
    """Return the attributes to write for a history; none for None, which leaves what is there."""
    if history is None:
        return {}
    entries = [{"at": each.at, **failure_to_values(each.failure)} for each in history.entries]
    return {"failed_attempts": history.failed or None, "history": entries or None}


def history_of(plain: Mapping[str, Any]) -> History:
    """Return the history that an item has."""
    entries = tuple(
        Attempt(text_of(each, "at") or "", failure_from_values(each))
        for each in tables_of(plain, "history")
    )
    return History(number_of(plain, "failed_attempts") or 0, entries)


def asset_from_item(item: Mapping[str, AttributeValue]) -> Asset:
    """Return the asset of an item, or of a stream's image of one. Raises as `asset_from_plain`."""
    return asset_from_plain(from_item(item))


def asset_from_plain(plain: Mapping[str, Any]) -> Asset:
    """Return the asset of an item whose values are plain, whatever release wrote it.

    Raises TransientError where it says not even which upload it is of.
    """
    read = Record(plain, "an item of the catalog")
    placeholder, error = table_of(plain, "placeholder"), table_of(plain, "error")
    return Asset(
        asset_id=read.text("pk"),
        source=source_from_values(plain),
        sequencer=read.text("sequencer"),
        status=AssetStatus(read.text("status")),
        created_at=text_of(plain, "created_at") or "",
        updated_at=text_of(plain, "updated_at") or "",
        media_type=MediaType(text_of(plain, "media_type") or MediaType.UNSUPPORTED),
        mime=text_of(plain, "mime") or "",
        preset=text_of(plain, "preset"),
        recipe=text_of(plain, "recipe"),
        probe=probe_from_values(table_of(plain, "probe") or {}),
        placeholder=None if placeholder is None else placeholder_from_values(placeholder),
        renditions=tuple(map(rendition_from_values, tables_of(plain, "renditions"))),
        manifest_key=text_of(plain, "manifest_key"),
        live_version_id=text_of(plain, "live_version_id"),
        attempts=number_of(plain, "attempts") or 0,
        abandoned=number_of(plain, "abandoned") or 0,
        lease_token=text_of(plain, "lease_token"),
        lease_expires_at=text_of(plain, "lease_expires_at"),
        execution=text_of(plain, "execution"),
        estimate_ms=number_of(plain, "estimate_ms"),
        progress=number_of(plain, "progress"),
        error=None if error is None else failure_from_values(error),
        processed_ms=number_of(plain, "processed_ms"),
        expires_at=number_of(plain, "expires_at"),
        history=history_of(plain),
        sequencer_length=number_of(plain, "sequencer_length") or SEQUENCER_WIDTH,
        revision=number_of(plain, "revision") or 0,
        folder=text_of(plain, "folder"),
    )


def readable_assets(items: Iterable[Mapping[str, AttributeValue]]) -> Iterator[Asset]:
    """Iterate over the assets of items; what is none is left out."""
    for item in items:
        with suppress(MediaError):
            yield asset_from_item(item)


def read_changes(event: Mapping[str, Any], skipped: Callable[[MediaError], None]) -> list[Change]:
    """Return what an event of the table's stream, with old and new images, tells; in its order.

    `skipped` gets why a record is left out: no retry could read it.
    """
    changes = []
    for record in event["Records"]:
        images = record.get("dynamodb", {})
        try:
            changes.append(Change(_image(images, "OldImage"), _image(images, "NewImage")))
        except MediaError as unreadable:
            skipped(unreadable)
    return changes


def _image(images: Mapping[str, Any], name: str) -> Asset | None:
    item = images.get(name)
    return asset_from_item(item) if item else None
