"""What an execution works on, and whether it may: as long as the upload's lease is its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from lib.application.context import Pipeline
from lib.domain import messages
from lib.domain.asset import Asset, AssetStatus
from lib.domain.events import UploadEvent
from lib.domain.keys import asset_id, manifest_key, pad_sequencer, rendition_key, work_key
from lib.domain.ports import Catalog


class Standing(StrEnum):
    """How an execution stands to its upload."""

    OWNER = "OWNER"
    """It holds the lease."""
    FINISHED = "FINISHED"
    """The upload has an outcome, or another holds its lease: touch nothing."""
    UNWANTED = "UNWANTED"
    """A newer upload or a removal is known, or it failed for good: `delete_unwanted` it."""


def find_asset(event: UploadEvent, catalog: Catalog) -> Asset | None:
    """Return the catalog's entry of an upload's key."""
    return catalog.get(asset_id(event.source.bucket, event.source.key))


def find_standing(event: UploadEvent, execution: str, asset: Asset | None) -> Standing:
    """Tell how an execution stands, from the entry as it is."""
    if asset is None:  # somebody deleted the entry: what was made of it is not ours to judge
        return Standing.FINISHED
    if asset.sequencer != pad_sequencer(event.sequencer):
        return Standing.UNWANTED
    if asset.lease_token == execution:
        return Standing.OWNER
    failed = asset.status in (AssetStatus.FAILED, AssetStatus.REJECTED)
    final = failed and asset.error is not None and asset.error.permanent
    return Standing.UNWANTED if final else Standing.FINISHED


@dataclass(frozen=True, slots=True)
class LongJob:
    """An upload, the execution that makes its renditions, and the hash that all keys carry."""

    event: UploadEvent
    execution: str
    recipe: str
    pipeline: Pipeline

    @classmethod
    def of(cls, payload: Mapping[str, Any], pipeline: Pipeline) -> LongJob:
        """Read what the state machine gives each step after the first."""
        event = messages.event_from_values(payload["event"])
        return cls(event, payload["execution"], payload["recipe"], pipeline)

    @property
    def manifest_key(self) -> str:
        """Return the key of the manifest that a commit refers to."""
        return manifest_key(self.event.source, self.event.sequencer, self.recipe)

    def rendition_key(self, name: str) -> str:
        """Return the key of a rendition, or of a part of one."""
        return rendition_key(self.event.source, self.event.sequencer, self.recipe, name)

    def work_key(self, name: str) -> str:
        """Return the key of a work file; all of them lie below that of an empty name."""
        return work_key(self.event.source, self.event.sequencer, self.recipe, name)

    def find_asset(self) -> Asset | None:
        """Return the catalog's entry as it is now."""
        return find_asset(self.event, self.pipeline.catalog)

    def find_standing(self, asset: Asset | None) -> Standing:
        """Tell how the execution stands, from the entry as it is."""
        return find_standing(self.event, self.execution, asset)
