"""Print what a run did and what became of it: for people, or as one JSON object."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from lib.domain.asset import Asset
from tests.robustness.chaos.done import WARM_UP, Done, Upload
from tests.robustness.chaos.faults import Faults
from tests.robustness.chaos.invocations import Invocation
from tests.robustness.chaos.plan import Deed
from tests.robustness.chaos.truth import Broken, Facts

CORES = 2
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
    busy: float
    """That handlers ran in that time, waiting included."""
    work: float
    """CPU seconds of the handlers' own in that time."""
    others: float
    """CPU seconds of the emulator and of this command in that time."""

    @property
    def share(self) -> float:
        """Return the handlers' part of what the cores had, without what the others took."""
        left = CORES * self.span - self.others
        return self.work / left if left > 0 else 0.0


def measure(
    facts: Facts,
    uploads: Sequence[Upload],
    invocations: list[Invocation],
    others: float,
    seconds: float,
) -> Speed:
    """Measure the uploads that were not overwritten: of those the end is on record.

    `others` is what everything but the handlers took of the CPU, in the `seconds` of all of it.
    """
    uploads = [each for each in uploads if not each.key.startswith(WARM_UP)]
    endings = sorted(_endings(facts, uploads))
    if not endings:
        return Speed(*8 * (0.0,))
    first = min(each.at for each in uploads)
    until = sorted(end for _, end in endings)[int(0.95 * (len(endings) - 1))]
    waits = sorted(end - start for start, end in endings)
    span = max(until - first, 0.001)
    begun = sum(each.at <= until for each in uploads)
    counted = [each for each in invocations if each.end and first < each.end <= until]
    busy, work = sum(each.seconds for each in counted), sum(each.cpu for each in counted)
    p50, p95, p99 = (waits[int(share * (len(waits) - 1))] for share in (0.5, 0.95, 0.99))
    return Speed(begun / span, p50, p95, p99, span, busy, work, others * span / seconds)


def _endings(facts: Facts, uploads: Sequence[Upload]) -> list[tuple[float, float]]:
    """Return (upload, end) of each upload that is its key's current one and terminal."""
    found = []
    for each in uploads:
        asset = facts.assets.get(each.key)
        if _is_end_of(asset, each.version_id):
            assert asset is not None
            found.append((each.at, datetime.fromisoformat(asset.updated_at).timestamp()))
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
        return json.dumps(
            {"ok": self.ok, "share": self.speed.share} | asdict(self), ensure_ascii=False
        )

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
                f"{speed.work:.0f} CPU s in {speed.busy:.0f} s: {speed.share:.0%} of what emulator "
                f"and load ({speed.others:.0f} CPU s) left of {CORES} cores",
            ),
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
