"""What the tests of the catalog share: a table, events and outcomes."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

from lib.domain.asset import Asset, AssetStatus, Outcome
from lib.domain.errors import ErrorCode, Failure
from lib.domain.events import Action, Source, UploadEvent
from lib.domain.keys import asset_id
from lib.domain.media import MediaType, VideoProbe
from lib.domain.ports import Catalog
from lib.domain.renditions import Placeholder, Rendition, RenditionKind
from tests.support.fakes import ManualClock

START = ManualClock.now
OLD, NEW, NEWER = "0062E99A88DC407460", "0062E99A88DC407461", "0062E99A88DC407462"
LONGER = "0062E99A88DC407460F0"
"""Of more digits than the others."""
PERMANENT = Failure(ErrorCode.CORRUPT_MEDIA, "broken")
PASSING = Failure(ErrorCode.SERVICE_UNAVAILABLE, "S3 is away")
MADE = Rendition(
    "w320.jpeg", RenditionKind.IMAGE, "image/jpeg", "a/b/c/w320.jpeg", 320, 240, bytes=9, sha256="f"
)
NOT_MADE = Rendition("w640.avif", RenditionKind.IMAGE, "image/avif", error=PERMANENT)
READY = Outcome(
    AssetStatus.READY,
    VideoProbe(width=640, height=480, interlaced=False, frame_rate=30.0, pixel_aspect=1.5),
    Placeholder("3OcRJYB4d3h/iIeHeEh3eIhw+j2w", "#aabbcc"),
    preset="default",
    recipe="0123456789ab",
    renditions=(MADE,),
    manifest_key="a/b/c/manifest.json",
    processed_ms=120,
)


def upload(sequencer: str, **changed: Any) -> UploadEvent:
    source = Source("uploads", "a b.jpg", f"v-{sequencer}", "etag", 1234)
    event = UploadEvent(
        Action.CREATED, source, sequencer, MediaType.IMAGE, "image/jpeg", "2026-01-01T00:00:00Z"
    )
    return replace(event, **changed)


def record(catalog: Catalog, event: UploadEvent, failure: Failure | None = None) -> Asset | None:
    """Write what is current after the entry that is there, as dispatch does where nobody is by."""
    entry = catalog.get(asset_id(event.source.bucket, event.source.key))
    after = entry.sequencer if entry else None
    if failure:
        return catalog.reject(event, failure, after=after)
    write = catalog.remove if event.action is Action.REMOVED else catalog.receive
    return write(event, after=after)


def removal(sequencer: str) -> UploadEvent:
    return upload(sequencer, action=Action.REMOVED)


def create_table(client: Any) -> str:
    """Create a catalog table as resources/api.yml does, and return its name."""
    name = f"catalog-{uuid.uuid4().hex}"
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": each, "AttributeType": "S"}
            for each in ("pk", "status", "folder", "updated_at")
        ],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": f"by-{name}",
                "KeySchema": [
                    {"AttributeName": name, "KeyType": "HASH"},
                    {"AttributeName": "updated_at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
            for name in ("status", "folder")
        ],
    )
    return name
