"""One source through plan, ranges and package, as the state machine's functions do it."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from queue import Queue
from tempfile import mkdtemp

from lib.adapters.local.folder import FolderRenditions, FolderSources
from lib.adapters.local.memory_catalog import MemoryCatalog
from lib.application.context import Pipeline
from lib.application.long_video.encode_range import encode_part
from lib.application.long_video.long_job import LongJob
from lib.application.long_video.package import package
from lib.application.long_video.plan import Allowance, Planned, make_plan
from lib.application.long_video.stored_segments import assemble_stored
from lib.application.long_video.work_format import Part, PartIndex, WorkPlan
from lib.application.long_video.work_store import read_index, read_plan
from lib.domain.asset import AssetStatus
from lib.domain.clock import to_iso
from lib.domain.events import Action, UploadEvent
from lib.domain.keys import execution_name
from lib.domain.media import MediaType
from lib.imaging.in_process import InProcess
from lib.presets import Presets
from lib.video.encode.ffmpeg import Ffmpeg

PLENTY = 3600.0


def upload(path: Path) -> UploadEvent:
    """Return the event of a file that was put into a folder."""
    source = FolderSources().current_version(str(path.parent), path.name)
    assert source
    return UploadEvent(Action.CREATED, source, "01", MediaType.VIDEO, "video/mp4", to_iso(0))


def cpu_seconds() -> float:
    """Return what this process and all that it waited for took of all cores so far."""
    both = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    used = [resource.getrusage(each) for each in both]
    return sum(each.ru_utime + each.ru_stime for each in used)


@dataclass
class Execution:
    """What one source took; all times in s. `parts` is the wall time of each part by name."""

    event: UploadEvent
    renditions: FolderRenditions
    presets: Presets
    ffmpeg: str
    scratch: Path
    catalog: MemoryCatalog = field(default_factory=MemoryCatalog)
    planned: Planned | None = None
    work: WorkPlan | None = None
    """As stored: packaging deletes it."""
    plan_s: float = 0.0
    package_s: float = 0.0
    encode_s: float = 0.0
    cpu_s: float = 0.0
    parts: dict[str, float] = field(default_factory=dict)
    indexes: dict[str, PartIndex] = field(default_factory=dict)

    @property
    def pipeline(self) -> Pipeline:
        """Return what its steps work with."""
        return Pipeline(FolderSources(), self.renditions, self.catalog, self.presets)

    @property
    def name(self) -> str:
        """Return the execution's name."""
        return execution_name(self.event.source, self.event.sequencer)

    @property
    def job(self) -> LongJob:
        """Return what the steps after the first work on."""
        assert self.planned
        return LongJob(self.event, self.name, self.planned.recipe, self.pipeline)

    def plan(self, range_cost_s: float) -> list[Part]:
        """Take the lease and cut the source, so that each range costs about `range_cost_s`."""
        started = time.perf_counter()
        self.catalog.receive(self.event)
        self.catalog.claim(self.event, lease_seconds=PLENTY)
        self.planned = make_plan(
            self.event,
            self.name,
            Allowance(int(PLENTY), round(range_cost_s), 20),
            self.pipeline,
            self._ffmpeg(self._folder()),
        )
        self.plan_s = time.perf_counter() - started
        assert self.planned
        self.work = read_plan(self.job)
        sound = [self.planned.audio] if self.planned.audio else []
        return [*sound, *self.planned.ranges]

    def encode(self, parts: Collection[Part], cores: Collection[Collection[int]]) -> None:
        """Encode parts, one worker for each set of processors; note the time of all and of each."""
        free: Queue[Collection[int]] = Queue()
        for each in cores:
            free.put(each)
        started, cpu = time.perf_counter(), cpu_seconds()
        with ThreadPoolExecutor(len(cores)) as pool:
            list(pool.map(partial(self._encode, free), parts))
        self.encode_s, self.cpu_s = time.perf_counter() - started, cpu_seconds() - cpu

    def _encode(self, free: Queue[Collection[int]], part: Part) -> None:
        assert self.planned
        mine = free.get()
        os.sched_setaffinity(0, mine)  # of this thread, and so of the process that it starts
        started = time.perf_counter()
        encode_part(self.job, part, self._ffmpeg(self._folder()))
        self.parts[part.name] = time.perf_counter() - started
        index = read_index(self.job, part)
        self.indexes[part.name] = index
        free.put(mine)

    def package(self) -> None:
        """Join the parts and commit. Raises RuntimeError where that is not READY."""
        assert self.planned
        started = time.perf_counter()
        make = assemble_stored(self._ffmpeg(self._folder()), InProcess())
        done = package(self.job, to_iso(time.time()), make)
        self.package_s = time.perf_counter() - started
        outcome = done.finished.outcome
        if outcome is None or outcome.status is not AssetStatus.READY:
            raise RuntimeError(f"expected READY but received {outcome}")

    def _ffmpeg(self, scratch: Path) -> Ffmpeg:
        return Ffmpeg(self.ffmpeg, lambda: PLENTY, scratch)

    def _folder(self) -> Path:
        return Path(mkdtemp(dir=self.scratch))
