"""Write an asset as a DynamoDB item and read it back; also from the images of the table's stream.

By hand, because boto3's own serializer wants Decimal for every number and is slow to import.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from lib.domain.asset import Asset, AssetStatus, Change, Outcome
from lib.domain.media import MediaType
from lib.domain.serialized import (
    failure_from_values,
    placeholder_from_values,
    placeholder_to_values,
    rendition_from_values,
    rendition_to_values,
    source_from_values,
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
        "confirmed",
    )
)
"""What an upload has not got yet when it is received."""

NOTHING_LIVE: Mapping[str, object] = {
    **dict.fromkeys(live_attributes(Outcome(AssetStatus.DELETED))),
    "live_version_id": None,
}


def asset_from_item(item: Mapping[str, AttributeValue]) -> Asset:
    """Return the asset of an item, or of a stream's image of one."""
    plain = from_item(item)
    placeholder, error = plain.get("placeholder"), plain.get("error")
    return Asset(
        asset_id=plain["pk"],
        source=source_from_values(plain),
        sequencer=plain["sequencer"],
        status=AssetStatus(plain["status"]),
        created_at=plain["created_at"],
        updated_at=plain["updated_at"],
        media_type=MediaType(plain["media_type"]),
        mime=plain["mime"],
        preset=plain.get("preset"),
        recipe=plain.get("recipe"),
        probe=probe_from_values(plain.get("probe", {})),
        placeholder=placeholder_from_values(placeholder) if placeholder else None,
        renditions=tuple(rendition_from_values(each) for each in plain.get("renditions", [])),
        manifest_key=plain.get("manifest_key"),
        live_version_id=plain.get("live_version_id"),
        attempts=plain.get("attempts", 0),
        abandoned=plain.get("abandoned", 0),
        lease_token=plain.get("lease_token"),
        lease_expires_at=plain.get("lease_expires_at"),
        execution=plain.get("execution"),
        estimate_ms=plain.get("estimate_ms"),
        progress=plain.get("progress"),
        error=failure_from_values(error) if error else None,
        processed_ms=plain.get("processed_ms"),
        expires_at=plain.get("expires_at"),
        confirmed=plain.get("confirmed"),
    )


def read_changes(event: Mapping[str, Any]) -> list[Change]:
    """Return what an event of the table's stream, with old and new images, tells; in its order."""

    def image(record: Mapping[str, Any], name: str) -> Asset | None:
        item = record["dynamodb"].get(name)
        return asset_from_item(item) if item else None

    return [
        Change(image(record, "OldImage"), image(record, "NewImage")) for record in event["Records"]
    ]
