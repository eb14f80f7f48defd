"""From what waits in the failure queues to what became of it: the whole of a redrive."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

from lib.application.redrive.letters import FailureQueue, Job, Letter, Streams, Target, Verdict
from lib.application.redrive.outcome import Watched, watch
from lib.application.redrive.reading import read_letter
from lib.application.redrive.resend import Done, Letters, Pace, carry_out, look
from lib.application.redrive.selection import Found, Wanted, look_up
from lib.domain.asset import Asset
from lib.domain.ports import Catalog

AT_ONCE = 8
"""Requests."""


class Targets(Protocol):
    """Where messages are sent again."""

    def send(self, job: Job) -> None:
        """Send a job where it belongs, and return once that has it. Raises TransientError."""
        ...


@dataclass(frozen=True, slots=True)
class Stage:
    """What of a stage a redrive works with."""

    letters: Mapping[FailureQueue, Letters]
    streams: Streams
    targets: Targets
    catalog: Catalog
    mend: Callable[[str], object]
    """Check one asset, by its id, and make good what is wrong with it. Raises TransientError."""


@dataclass(slots=True)
class Redriven:
    """What was worked on so far, and what to follow of it, by asset id."""

    done: list[Done] = field(default_factory=list)
    watched: dict[str, Watched] = field(default_factory=dict)


def survey(stage: Stage, queues: Collection[FailureQueue], wanted: Wanted) -> list[Found]:
    """Return what is asked for of some queues, the oldest of each first; changes nothing.

    Raises TransientError.
    """
    with ThreadPoolExecutor(AT_ONCE) as pool:  # each look ends in a second of waiting
        looked = pool.map(lambda queue: look(stage.letters[queue]), queues)
        letters = [
            (queue, letter)
            for queue, waiting in zip(queues, looked, strict=True)
            for letter in sorted(waiting, key=lambda each: each.sent_at)
        ]

        def find(at: tuple[FailureQueue, Letter]) -> Found:
            return look_up(read_letter(*at, stage.streams), stage.catalog)

        found = list(pool.map(find, letters))
    return [each for each in found if wanted.has(each)]


def redrive(
    found: Iterable[Found],
    stage: Stage,
    pace: Pace,
    redriven: Redriven,
    report: Callable[[], None],
) -> None:
    """Carry out what was found, queue after queue, and note in `redriven` each that is done.

    Can be interrupted anywhere: what is not done then waits where it was. Raises TransientError.
    """
    affected: dict[str, tuple[Asset | None, ...]] = {}

    def send(job: Job) -> None:
        before = [stage.catalog.get(each.asset_id) for each in job.subjects]
        watched = watch(job, before)
        if job.verdict is Verdict.LOST:
            for asset in filter(None, affected[job.letter.id]):
                stage.mend(asset.asset_id)
                watched[asset.asset_id] = Watched(asset.source.key)
        else:
            stage.targets.send(job)
        if job.target not in (Target.SWEEP, Target.NOTIFY):  # of changes nothing more comes
            redriven.watched = watched | redriven.watched

    def note(done: Done) -> None:
        redriven.done.append(done)
        report()

    of_queue: dict[FailureQueue, list[Job]] = {}
    for each in found:
        affected[each.job.letter.id] = each.assets
        of_queue.setdefault(each.job.queue, []).append(each.job)
    for queue, of_it in of_queue.items():
        carry_out(of_it, stage.letters[queue], send, pace, note)
