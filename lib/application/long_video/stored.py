"""Give back as files what the parts of a long source have stored."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from lib.application.fenced_job import PUT_THREADS
from lib.application.long_video.work_store import key_of, there
from lib.application.pipeline import Pipeline
from lib.domain.events import UploadEvent
from lib.domain.keys import rendition_key
from lib.video.package.track import INIT, Segment, Track

BATCH = 16
"""Segments that are fetched together."""


@dataclass(frozen=True, slots=True)
class Stored:
    """Gives what the parts have stored back as files."""

    event: UploadEvent
    recipe: str
    pipeline: Pipeline

    def work_files(self, below: str, folder: Path) -> Path:
        """Write all work files below a name to a folder of that name; return it."""
        prefix = key_of(self.event, self.recipe, below + "/")
        target = folder / below
        target.mkdir()
        keys = self.pipeline.renditions.keys_below(prefix)
        with ThreadPoolExecutor(PUT_THREADS) as pool:
            for key, content in zip(
                keys, pool.map(self.pipeline.renditions.fetch, keys), strict=True
            ):
                (target / key.removeprefix(prefix)).write_bytes(there(content, key))
        return target

    def work_file(self, name: str) -> bytes:
        """Return one work file. Raises TransientError where it is not there."""
        key = key_of(self.event, self.recipe, name)
        return there(self.pipeline.renditions.fetch(key), key)

    def track_file(self, track: Track, folder: Path) -> Path:
        """Write a track to one fragmented file: its init segment, then all others."""
        names = [INIT, *(each.name for each in track.segments)]
        path = folder / f"{track.name}.mp4"
        with path.open("wb") as file, ThreadPoolExecutor(PUT_THREADS) as pool:
            # By the batch, so that no more of a film than that is in memory.
            for first in range(0, len(names), BATCH):
                keys = [self._key(track, name) for name in names[first : first + BATCH]]
                for key, content in zip(
                    keys, pool.map(self.pipeline.renditions.fetch, keys), strict=True
                ):
                    file.write(there(content, key))
        return path

    def clip(self, track: Track, segment: Segment) -> bytes:
        """Return the init segment of a track and one more."""
        keys = [self._key(track, name) for name in (INIT, segment.name)]
        return b"".join(there(self.pipeline.renditions.fetch(key), key) for key in keys)

    def _key(self, track: Track, name: str) -> str:
        source = self.event.source
        return rendition_key(source, self.event.sequencer, self.recipe, f"{track.name}/{name}")
