"""Assemble a long source from what its parts have stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from lib.application.long_video.long_job import LongJob
from lib.application.long_video.work_format import WorkPlan
from lib.application.long_video.work_store import require
from lib.application.store_work import PUT_THREADS
from lib.domain.renditions import Part, Work
from lib.imaging.port import Images
from lib.presets import Preset
from lib.video.assemble import assemble
from lib.video.encode.encoded import Encoded
from lib.video.encode.ffmpeg import Ffmpeg
from lib.video.package.track import INIT, Segment, Track
from lib.video.plan.plan import AUDIO_FILE, IMAGE_FOLDERS, Plan, VideoTask
from lib.video.source import locate

BATCH = 16
"""Segments that are fetched together."""


@dataclass(frozen=True, slots=True)
class StoredSegments:
    """Gives the tracks that the parts of a source have stored: `assemble.Segments`."""

    job: LongJob
    work: WorkPlan
    tracks: Sequence[Track]

    def read_track(self, name: str) -> Track:
        """Return one track with its segments."""
        return {each.name: each for each in self.tracks}[name]

    def read_parts(self, track: Track) -> Iterable[Part]:
        """Return nothing: all segments are stored."""
        del track
        return ()

    def read_clip(self, track: Track, segment: Segment) -> bytes:
        """Return the init segment of a track and one more."""
        return b"".join(self._read([self._key(track, name) for name in (INIT, segment.name)]))

    def fetch(self, plan: Plan, tracks: Iterable[Track], folder: Path) -> None:
        """Fill a folder with as much of what the parts encoded as is looked at again.

        Raises TransientError where some of it is gone.
        """
        if not plan.rungs:
            self._fetch_file(AUDIO_FILE, folder)
            return
        for images in IMAGE_FOLDERS:
            (folder / images).mkdir()
            prefix = self.job.work_key(f"{images}/")
            keys = self.job.pipeline.renditions.keys_below(prefix)
            for key, content in zip(keys, self._read(keys), strict=True):
                (folder / images / key.removeprefix(prefix)).write_bytes(content)
        for subtitle in plan.subtitles:
            self._fetch_file(f"{subtitle.name}.vtt", folder)
        for track in tracks:
            self.write_track(track, folder)

    def write_track(self, track: Track, folder: Path) -> Path:
        """Write a track to one fragmented file: its init segment, then all others."""
        path = folder / f"{track.name}.mp4"
        names = [INIT, *(each.name for each in track.segments)]
        with path.open("wb") as file:
            for content in self._read([self._key(track, name) for name in names]):
                file.write(content)
        return path

    def _fetch_file(self, name: str, folder: Path) -> None:
        (content,) = self._read([self.job.work_key(name)])
        (folder / name).write_bytes(content)

    def _read(self, keys: Sequence[str]) -> Iterator[bytes]:
        """Yield objects, by the batch: no more of a film than that is in memory."""
        with ThreadPoolExecutor(PUT_THREADS) as pool:
            for first in range(0, len(keys), BATCH):
                batch = keys[first : first + BATCH]
                found = pool.map(self.job.pipeline.renditions.fetch, batch)
                yield from map(require, found, batch)

    def _key(self, track: Track, name: str) -> str:
        return self.job.rendition_key(f"{track.name}/{name}")


def assemble_stored(
    ffmpeg: Ffmpeg, images: Images
) -> Callable[[StoredSegments, Preset, Encoded], Work]:
    """Return what makes all of a long source: as it is asked for, in the scratch of `ffmpeg`."""

    def make(stored: StoredSegments, preset: Preset, encoded: Encoded) -> Work:
        work, job = stored.work, stored.job
        source = locate(job.event.source, work, job.pipeline.sources, ffmpeg.deadline)
        task = VideoTask(source, work.probe, work.plan(preset), preset)
        return assemble(task, stored, encoded, ffmpeg, images)

    return make
