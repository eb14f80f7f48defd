"""Every order of a key's events ends with what is current in S3, and with nothing else stored.

Small histories of one key are played through dispatch, the job and sweep, over ports in memory:
S3's changes come in their order, each event at any time after its change, one of them twice, or
with a publication that fails once; workers are quick, late, or overtaken by all that follows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from lib.adapters.local.memory_catalog import MemoryCatalog
from lib.application import fenced_job
from lib.application.sweep import sweep
from lib.domain.asset import AssetStatus, Change
from lib.domain.errors import TransientError
from lib.domain.events import Action, ObjectEvent, UploadEvent
from lib.domain.keys import asset_id
from lib.domain.media import Probe
from lib.domain.renditions import Made, RenditionKind, Work
from tests.support.fakes import (
    JPEG_HEAD,
    UPLOADS,
    ManualClock,
)
from tests.support.world import World

pytestmark = pytest.mark.usefixtures("one_core")

KEY = "a.jpg"
HISTORIES = {
    "restored": "put, remove, destroy 2",
    "rolled back": "put, put, destroy 2",
    "old version destroyed": "put, put, destroy 1",
    "version destroyed below its marker": "put, remove, destroy 1",
    "emptied": "put, put, destroy 2, destroy 1",
    "restored and overwritten": "put, remove, destroy 2, put",
    "restored and removed again": "put, remove, destroy 2, remove",
}
SHORT = [name for name, story in HISTORIES.items() if story.count(",") == 2]

CHANGE = -1
"""Of a schedule: the next change in S3; any other number delivers the event of that change."""

Schedule = tuple[int, ...]


class StreamedCatalog(MemoryCatalog):
    """Tells of each write what DynamoDB's stream tells."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(clock)
        self.changes: list[Change] = []

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name not in {"receive", "reject", "remove", "claim", "commit", "release"}:
            return found

        def write(*args: object, **more: object) -> object:
            old = self.get(asset_id(UPLOADS, KEY))
            answer = found(*args, **more)
            new = self.get(asset_id(UPLOADS, KEY))
            if new != old:
                self.changes.append(Change(old, new))
            return answer

        return write


@dataclass
class History(World):
    """One key, and all that happens to it."""

    story: list[str]
    grown: int = 9
    """The change from which on S3's sequencers are longer."""
    events: list[ObjectEvent] = field(default_factory=list)
    waiting: list[UploadEvent] = field(default_factory=list)
    taken: int = 0
    swept: int = 0
    catalog: StreamedCatalog = field(init=False)

    def __post_init__(self) -> None:
        self.catalog = StreamedCatalog(self.clock)

    def change(self) -> None:
        """Make the next change in S3."""
        what, *which = self.story[len(self.events)].split()
        if what == "put":
            event = self.sources.upload(KEY, JPEG_HEAD + bytes([len(self.events)]))
        elif what == "remove":
            event = self.sources.remove(KEY)
        else:
            event = self.sources.destroy(self.events[int(which[0]) - 1])
        if len(self.events) >= self.grown:
            event = replace(event, sequencer=f"0{event.sequencer}")
        self.events.append(event)

    def deliver(self, number: int) -> None:
        """Call dispatch, again where it raises, as Lambda does."""
        event = self.events[number]
        for _ in range(2):
            with suppress(TransientError):
                self.dispatch(event)
                return

    def work(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Process what was published; `meanwhile` happens once, during the first of it."""
        still_to_happen = [meanwhile]

        def happen() -> None:
            if still_to_happen:
                still_to_happen.pop()()

        while self.taken < len(self.topic.published):
            event = self.topic.published[self.taken]
            self.taken += 1
            if event.action is Action.CREATED:
                self._process(event, happen)
        happen()

    def _process(self, event: UploadEvent, meanwhile: Callable[[], None]) -> None:
        def make(content: bytes) -> Iterator[Made]:
            yield Made("1.webp", RenditionKind.IMAGE, "image/webp", content, 1, 1)
            meanwhile()
            yield Made("2.webp", RenditionKind.IMAGE, "image/webp", content, 2, 2)

        def work(_: fenced_job.Report) -> Work:
            content = self.sources.read(event.source)
            return Work(Probe(), make(content), "default", "recipe")

        try:
            fenced_job.run(event, work, self.pipeline, self.delivery())
        except TransientError:  # LEASE_HELD: SQS delivers it again, later
            self.waiting.append(event)

    def settle(self) -> None:
        """Let all that waits come to its end."""
        self.work()
        self.topic.published += self.waiting
        self.waiting.clear()
        self.work()
        self.sweep()

    def sweep(self) -> None:
        changes = self.catalog.changes[self.swept :]
        self.swept += len(changes)
        sweep(changes, self.renditions, self.executions)

    def wrong(self) -> str | None:
        """Say what is not as it should be once all is quiet; None where nothing is."""
        asset = self.catalog.get(asset_id(UPLOADS, KEY))
        if asset is None:
            return "there is no asset"
        current = self.sources.current_version(UPLOADS, KEY)
        expected = AssetStatus.READY if current else AssetStatus.DELETED
        if asset.status is not expected:
            return f"{asset.status} instead of {expected}: {asset.error}"
        version = current.version_id if current else None
        if asset.live_version_id != version:
            return f"{asset.live_version_id} is live instead of {version}"
        listed = {each.key for each in asset.renditions} | {asset.manifest_key} - {None}
        if missing := listed - set(self.renditions.objects):
            return f"listed and not stored: {sorted(map(str, missing))}"
        if orphans := set(self.renditions.objects) - listed:
            return f"stored and not listed: {sorted(map(str, orphans))}"
        return None


def play(
    story: list[str],
    schedule: Schedule,
    workers: str,
    *,
    failing: int | None = None,
    grown: int = 9,
) -> History:
    """Play a schedule, then let everything settle."""
    world = History(story, grown=grown)

    def step(at: int) -> None:
        if at == len(schedule):
            return
        if schedule[at] == CHANGE:
            world.change()
        else:
            world.topic.failures = int(at == failing)
            world.deliver(schedule[at])
        if workers == "quick":
            world.work()
            world.sweep()
        if workers == "overtaken" and len(world.topic.published) > world.taken:
            world.work(meanwhile=lambda: step(at + 1))
        else:
            step(at + 1)

    step(0)
    world.settle()
    return world


def schedules(changes: int, *, twice: bool, late: bool) -> Iterator[Schedule]:
    """Yield every order of the changes and their events, where `twice`: with one event twice.

    `late`: all changes are made before the first event comes.
    """

    def go_on(done: Schedule, left: list[int]) -> Iterator[Schedule]:
        made = done.count(CHANGE)
        if made < changes:
            yield from go_on((*done, CHANGE), left)
        if late and made < changes:
            return
        for number in sorted(set(left)):
            if number < made:
                rest = left.copy()
                rest.remove(number)
                yield from go_on((*done, number), rest)
        if made == changes and not left:
            yield done

    numbers = list(range(changes))
    for more in [[number] for number in numbers] if twice else [[]]:
        yield from go_on((), numbers + more)


@pytest.mark.parametrize("workers", ["quick", "late", "overtaken"])
@pytest.mark.parametrize("name", HISTORIES)
def test_every_order_ends_with_what_is_current(name: str, workers: str) -> None:
    story = HISTORIES[name].split(", ")
    broken = {
        schedule: wrong
        for schedule in schedules(len(story), twice=True, late=name not in SHORT)
        if (wrong := play(story, schedule, workers).wrong())
    }
    assert not broken, f"{len(broken)}: {dict(list(broken.items())[:3])}"


@pytest.mark.parametrize("workers", ["quick", "late", "overtaken"])
@pytest.mark.parametrize("name", SHORT)
def test_a_publication_that_fails_once_loses_nothing(name: str, workers: str) -> None:
    story = HISTORIES[name].split(", ")
    broken = {
        (schedule, failing): wrong
        for schedule in schedules(len(story), twice=False, late=False)
        for failing in range(len(schedule))
        if (wrong := play(story, schedule, workers, failing=failing).wrong())
    }
    assert not broken, f"{len(broken)}: {dict(list(broken.items())[:3])}"


@pytest.mark.parametrize(("grown", "workers"), [(1, "quick"), (2, "quick"), (2, "late")])
@pytest.mark.parametrize("name", SHORT)
def test_sequencers_may_grow(name: str, workers: str, grown: int) -> None:
    story = HISTORIES[name].split(", ")
    broken = {
        schedule: wrong
        for schedule in schedules(len(story), twice=True, late=False)
        if (wrong := play(story, schedule, workers, grown=grown).wrong())
    }
    assert not broken, f"{len(broken)}: {dict(list(broken.items())[:3])}"
