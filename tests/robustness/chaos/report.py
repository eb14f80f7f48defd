"""Print what a run did and what became of it: for people, or as one JSON object."""

from __future__ import annotations

import json
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from lib.domain.asset import Asset
from lib.domain.keys import asset_id
from tests.robustness.chaos.done import WARM_UP, Done, Upload
from tests.robustness.chaos.faults import Faults
from tests.robustness.chaos.invocations import Invocation
from tests.robustness.chaos.media import Medium
from tests.robustness.chaos.plan import Deed
from tests.robustness.chaos.truth import Broken, Facts

CORES = 2
PICTURES = frozenset({Medium.JPEG, Medium.PNG, Medium.GIF, Medium.CORRUPT})
FILMS = frozenset({Medium.SOUND, Medium.CLIP, Medium.FILM})
MOST_LISTED = 40


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast uploads came to their end; seconds."""

    assets_per_second: float
    p50: float
    p95: float
    p99: float
    span: float
    """From the first upload until 95 of 100 had come to their end: killed work comes back late."""
    work: float
    """Of the handlers in that time: how long they ran, what kept them waiting included."""
    part: float
    """Of the time from upload to end that handlers worked on the upload."""
    against_ideal: float
    """Of what two cores could do at best: an undisturbed dispatch and processing for each upload,
    by the median, and nothing else to do for the machine."""


def measure(
    facts: Facts, uploads: Sequence[Upload], invocations: list[Invocation], bucket: str
) -> Speed:
    """Measure the uploads that were not overwritten: of those the end is on record."""
    uploads = [each for each in uploads if not each.key.startswith(WARM_UP)]
    endings = _endings(facts, uploads)
    if not endings:
        return Speed(*8 * (0.0,))
    first = min(each.at for each in uploads)
    until = sorted(end for _, end in endings)[int(0.95 * (len(endings) - 1))]
    waits = sorted(end - upload.at for upload, end in endings)
    span = max(until - first, 0.001)
    p50, p95, p99 = (waits[int(share * (len(waits) - 1))] for share in (0.5, 0.95, 0.99))
    return Speed(
        sum(each.at <= until for each in uploads) / span,
        p50,
        p95,
        p99,
        span,
        work=sum(each.seconds for each in invocations if each.end and first < each.end <= until),
        part=_work_on(endings, invocations, bucket) / max(sum(waits), 0.001),
        against_ideal=_ideal_seconds(uploads, invocations) / span,
    )


def _work_on(
    endings: list[tuple[Upload, float]], invocations: list[Invocation], bucket: str
) -> float:
    """Return how long handlers worked on uploads before their ends."""
    return sum(
        each.seconds
        for upload, end in endings
        for each in invocations
        if asset_id(bucket, upload.key) in each.assets and upload.at <= each.begin <= end
    )


def _ideal_seconds(uploads: Sequence[Upload], invocations: list[Invocation]) -> float:
    """Return how long the cores would work on the uploads if nothing stood in the way."""

    def median(function: str) -> float:
        good = [
            each.seconds
            for each in invocations
            if each.function == function and each.seconds and not each.failed and not each.struck
        ]
        return statistics.median(good) if good else 0.0

    films = sum(each.medium in FILMS for each in uploads)
    pictures = sum(each.medium in PICTURES for each in uploads)
    work = len(uploads) * median("dispatch")
    work += pictures * median("processImage") + films * median("processVideo")
    return work / CORES


def _endings(facts: Facts, uploads: Sequence[Upload]) -> list[tuple[Upload, float]]:
    """Return each upload that is its key's current one and terminal, with the time of its end."""
    found = []
    for each in uploads:
        asset = facts.assets.get(each.key)
        if _is_end_of(asset, each.version_id):
            assert asset is not None
            found.append((each, datetime.fromisoformat(asset.updated_at).timestamp()))
    return found


def _is_end_of(asset: Asset | None, version: str) -> bool:
    return asset is not None and asset.source.version_id == version and asset.status.terminal


@dataclass(frozen=True, slots=True)
class Report:
    """One run."""

    seed: int
    uploads: int
    keys: int
    statuses: dict[str, int]
    kills: int
    stops: int
    failed_calls: dict[str, int]
    repeats: int
    poison: int
    deeds: dict[str, int]
    calls: int
    invocations: dict[str, int]
    killed: int
    """Invocations whose worker ended before they did, by a kill or by their time-out."""
    seconds: float
    """Of all of it, without the deploy."""
    speed: Speed
    moving: str
    """What had not come to rest in time."""
    broken: tuple[Broken, ...]
    stories: dict[str, list[str]]
    """Of each broken key, and of "" for what is about none."""

    @property
    def ok(self) -> bool:
        """Tell whether every invariant held."""
        return not self.broken and not self.moving

    def to_json(self) -> str:
        """Return the one line that programs read."""
        return json.dumps({"ok": self.ok} | asdict(self), ensure_ascii=False)

    def to_text(self) -> str:
        """Return what people read."""
        speed = self.speed
        rows = [
            ("seed", self.seed),
            ("uploads", f"{self.uploads} to {self.keys} keys"),
            ("ended as", _counted(self.statuses)),
            ("kills", f"{self.kills}; {self.killed} invocations ended with their worker"),
            ("stops", self.stops),
            ("failed calls", f"{_counted(self.failed_calls)}; of {self.calls}"),
            ("repeats", self.repeats),
            ("poison", self.poison),
            ("done", _counted(self.deeds)),
            ("invocations", _counted(self.invocations)),
            ("time", f"{self.seconds:.0f} s; 95 of 100 uploads ended after {speed.span:.0f} s"),
            ("assets per second", f"{speed.assets_per_second:.2f}"),
            ("upload to end", f"p50 {speed.p50:.1f}  p95 {speed.p95:.1f}  p99 {speed.p99:.1f} s"),
            (
                "handlers' own work",
                f"{speed.part:.0%} of upload to end; {speed.work:.0f} s in {speed.span:.0f} s",
            ),
            ("against the ideal", f"{speed.against_ideal:.0%} of {CORES} cores undisturbed"),
            ("did not come to rest", self.moving or "-"),
            ("broken invariants", len(self.broken)),
        ]
        lines = [f"{name:22} {value}" for name, value in rows]
        for invariant, count in Counter(each.invariant for each in self.broken).items():
            lines.append(f"  {count} × {invariant}")
        for each in self.broken[:MOST_LISTED]:
            lines += ["", f"✗ {each.invariant}: {each.key}", f"    {each.detail}"]
        for key, story in self.stories.items():
            lines += ["", f"── {key or 'of no key'}", *(f"  {line}" for line in story)]
        return "\n".join(lines)


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items()) or "none"


def count_statuses(facts: Facts) -> dict[str, int]:
    """Return how many entries are in each state, with the reason of those that have one."""
    counted: Counter[str] = Counter()
    for asset in facts.assets.values():
        if asset is None:
            counted["no entry"] += 1
        else:
            counted[f"{asset.status}{f'/{asset.error.code}' if asset.error else ''}"] += 1
    return dict(counted.most_common())


def count_calls(faults: Faults) -> dict[str, int]:
    """Return how many calls met each kind of fault."""
    return dict(faults.counts.most_common())


def count_functions(invocations: list[Invocation]) -> dict[str, int]:
    """Return how often each function was invoked."""
    return dict(Counter(each.function for each in invocations).most_common())


def count_stops(done: Done) -> int:
    """Return how often something was frozen for a while."""
    return done.counts[Deed.FREEZE] + done.counts[Deed.FREEZE_ALL]
