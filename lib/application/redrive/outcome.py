"""Follow in the catalog what was sent again, until it has come to an end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from lib.application.redrive.letters import Job
from lib.domain.asset import Asset, AssetStatus
from lib.domain.clock import Clock
from lib.domain.keys import pad_sequencer
from lib.domain.ports import Catalog

POLL_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Watched:
    """An asset that something was sent for, as it was just before.

    `before` only where it has to change: it had failed, and is claimed again.
    """

    key: str
    before: Asset | None = None

    def ended(self, asset: Asset | None) -> bool:
        """Tell whether nothing more will come of what was sent."""
        if asset is None:
            return True  # no worker claims what is not recorded
        if self.before and asset.updated_at == self.before.updated_at:
            return False
        return asset.status.terminal


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for the end of all."""

    seconds: float
    clock: Clock = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def watch(job: Job, before: Iterable[Asset | None]) -> dict[str, Watched]:
    """Return by its id what to follow once a job is sent, and how it was `before` that."""
    return {
        subject.asset_id: Watched(subject.key, asset if _is_tried_again(job, asset) else None)
        for subject, asset in zip(job.subjects, before, strict=True)
    }


def _is_tried_again(job: Job, asset: Asset | None) -> bool:
    """Tell whether a worker will claim what has ended already, so that it changes."""
    if asset is None or job.sequencer is None or asset.sequencer != pad_sequencer(job.sequencer):
        return False
    return asset.status is AssetStatus.FAILED and not (asset.error and asset.error.permanent)


def follow(
    watched: Mapping[str, Watched],
    catalog: Catalog,
    patience: Patience,
    report: Callable[[int], None],
) -> dict[str, Asset | None]:
    """Look until all have ended, or time is up, and return how each is; report how many ended.

    Looks once at least. Raises TransientError.
    """
    latest: dict[str, Asset | None] = {}
    waiting = list(watched)
    until = patience.clock() + patience.seconds
    while True:
        latest |= {each: catalog.get(each) for each in waiting}
        waiting = [each for each in waiting if not watched[each].ended(latest[each])]
        report(len(watched) - len(waiting))
        if not waiting or patience.clock() >= until:
            return latest
        patience.sleep(POLL_SECONDS)
