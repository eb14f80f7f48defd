"""Choose among what waits: by the reason that the catalog gives, and by age."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, takewhile

from lib.application.redrive.letters import Batch, Job
from lib.domain.asset import Asset, AssetStatus
from lib.domain.clock import to_iso
from lib.domain.errors import ErrorCode
from lib.domain.ports import Catalog

CLOCKS_DIFFER = 5.0
"""Seconds, between the catalog's times and the stream's, which are told to the second."""
MOST_LOOKED_AT = 10_000
"""Entries of one status that are read to find those that changed at some time."""


@dataclass(frozen=True, slots=True)
class Found:
    """A job, and what the catalog has of its keys; None where it has nothing."""

    job: Job
    assets: tuple[Asset | None, ...]

    @property
    def codes(self) -> tuple[ErrorCode, ...]:
        """Return the assets' error codes, and why their last tries failed."""
        return tuple(dict.fromkeys(code for each in self.assets if each for code in _codes(each)))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: any of some codes, sent at some time or later. All by default."""

    codes: frozenset[ErrorCode] = frozenset()
    since: float = 0.0

    def has(self, found: Found) -> bool:
        """Tell whether it was asked for this one."""
        of_code = not self.codes or bool(self.codes.intersection(found.codes))
        return of_code and found.job.letter.sent_at >= self.since


def look_up(job: Job, catalog: Catalog) -> Found:
    """Return a job with its assets: for a forgotten batch those that changed at that time."""
    if job.batch and not job.subjects:
        return Found(job, tuple(_changed_then(job.batch, catalog)))
    return Found(job, tuple(catalog.get(each.asset_id) for each in job.subjects))


def _codes(asset: Asset) -> Iterator[ErrorCode]:
    """Yield the reason why an asset is not finished, and that of its last try."""
    if asset.error:
        yield asset.error.code
    if asset.history.entries and (asset.error or not asset.status.terminal):
        yield asset.history.entries[-1].failure.code


def _changed_then(batch: Batch, catalog: Catalog) -> Iterable[Asset]:
    """Name what was last changed when a batch was; what changed again since can't be told."""
    since, until = to_iso(batch.since - CLOCKS_DIFFER), to_iso(batch.until + CLOCKS_DIFFER)
    for status in AssetStatus:
        newest = islice(catalog.by_status(status), MOST_LOOKED_AT)
        for asset in takewhile(lambda each: each.updated_at >= since, newest):
            if asset.updated_at <= until:
                yield asset
