"""Encode one part of a long source, a range of its video or its audio, and store it whole."""

from __future__ import annotations

import hashlib
import resource
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from lib.application.fenced_job import PROGRESS_SECONDS
from lib.application.long_video.long_job import LongJob, Standing
from lib.application.long_video.work_format import Part, PartIndex, WorkPlan
from lib.application.long_video.work_store import preset_of, read_plan, write_index
from lib.application.store_work import PUT_THREADS
from lib.application.sweep import delete_unwanted
from lib.domain.clock import Clock, from_iso
from lib.domain.errors import ErrorCode, Failure, PermanentError, TransientError
from lib.domain.keys import WORK_FOLDER
from lib.domain.media import VideoProbe
from lib.presets import Preset
from lib.video.encode.encode import encode_video
from lib.video.encode.encoded import Encoded
from lib.video.encode.ffmpeg import Ffmpeg
from lib.video.package import cmaf
from lib.video.package.streams import SEGMENT
from lib.video.package.track import INIT, Track
from lib.video.plan.plan import VideoTask
from lib.video.source import locate

LOOSE = {".jpg": "image/jpeg", ".png": "image/png", ".vtt": "text/vtt", ".m4a": "audio/mp4"}
"""What an encode leaves beside its tracks, with its MIME type."""

MOST_PERCENT = 99
"""Packaging is still to do when all parts are encoded."""

Put = Callable[[str, bytes | Path, str], None]

Encode = Callable[[LongJob, WorkPlan, Preset, Part, Ffmpeg], Encoded]
"""Fills the scratch with what one part gives; returns how that ended: `encode_with_ffmpeg`."""


def encode_part(
    job: LongJob,
    part: Part,
    ffmpeg: Ffmpeg,
    *,
    encode: Encode | None = None,
    clock: Clock = time.time,
) -> Standing:
    """Encode and store a part, unless that is done already; tell whether it was still wanted.

    The index is stored last, so that a part is either whole or not there. Keys are the same each
    time: a second worker on the same part overwrites the same bytes. ffmpeg's scratch is empty.
    Raises what `encode` raises, and TransientError.
    """
    standing = job.find_standing(job.find_asset())
    if standing is not Standing.OWNER:
        return standing
    plan = read_plan(job)
    if job.pipeline.renditions.fetch(job.work_key(part.index)) is None:
        preset = preset_of(job, plan)
        started_ms = _children_ms()
        encoded = (encode or encode_with_ffmpeg)(job, plan, preset, part, ffmpeg)
        spent_ms = _children_ms() - started_ms
        try:
            tracks, inits = _store(job, part, ffmpeg.scratch)
        except ValueError as exc:  # its frames are not where their times say: another try helps not
            reason = f"its time stamps don't fit together: {exc}"
            raise PermanentError(ErrorCode.CORRUPT_MEDIA, reason) from exc
        write_index(job, part, PartIndex(tracks, inits, encoded, spent_ms))
    return _report(job, plan, clock)


def encode_with_ffmpeg(
    job: LongJob, work: WorkPlan, preset: Preset, part: Part, ffmpeg: Ffmpeg
) -> Encoded:
    """Fill the scratch with what one part gives; return what was left out, and is damaged."""
    plan = work.plan(preset)
    if part.span is None:
        plan = replace(plan, rungs=(), stills_s=(), tile_s=None)
    span = part.span
    if span and work.jumps:  # the only range
        plan, span = replace(plan, audio=(), subtitles=()), None
    source = locate(job.event.source, work, job.pipeline.sources, ffmpeg.deadline)
    task = VideoTask(source, work.probe, plan, preset, span)
    try:
        return encode_video(task, ffmpeg)
    except PermanentError as error:
        if part.span or not isinstance(work.probe, VideoProbe):
            raise
        # Video without its audio is worth more than nothing.
        names = [each.name for each in plan.audio] + [each.name for each in plan.subtitles]
        return Encoded(dict.fromkeys(names, Failure.of(error)))


def _store(job: LongJob, part: Part, folder: Path) -> tuple[tuple[Track, ...], dict[str, str]]:
    """Store all segments and what lies beside them; return the tracks, and their inits' hashes."""
    tracks: list[Track] = []
    inits: dict[str, str] = {}

    def put(name: str, content: bytes | Path, mime: str) -> None:
        job.pipeline.renditions.put(job.rendition_key(name), content, mime)

    def segments_of(path: Path) -> Iterator[tuple[str, bytes]]:
        with path.open("rb") as file:
            init, track = cmaf.read_track(file, path.stem)
            yield f"{track.name}/{INIT}", init
            inits[track.name] = hashlib.sha256(init).hexdigest()
            end = None if part.end_s is None else round(part.end_s * track.timescale)
            segments = []
            for segment, content in cmaf.split(file, end_tick=end):
                segments.append(segment)
                yield f"{track.name}/{segment.name}", content
            tracks.append(cmaf.complete(track, segments))

    with ThreadPoolExecutor(PUT_THREADS) as pool:
        for path in sorted(folder.glob("*.mp4")):
            _all(pool, put, ((*named, SEGMENT) for named in segments_of(path)))
        loose = (path for path in sorted(folder.rglob("*")) if path.suffix in LOOSE)
        _all(
            pool,
            put,
            (
                (f"{WORK_FOLDER}/{path.relative_to(folder)}", path, LOOSE[path.suffix])
                for path in loose
            ),
        )
    return tuple(tracks), inits


def _all(pool: Executor, put: Put, objects: Iterable[tuple[str, bytes | Path, str]]) -> None:
    """Store objects side by side, with no more of them in memory than threads can take."""
    waiting: deque[Future[None]] = deque()
    for each in objects:
        waiting.append(pool.submit(put, *each))
        if len(waiting) > PUT_THREADS:
            waiting.popleft().result()
    for each_put in waiting:
        each_put.result()


def _report(job: LongJob, plan: WorkPlan, clock: Clock) -> Standing:
    """Note how many parts are done, now and then; undo what nobody wants any more."""
    renditions, catalog = job.pipeline.renditions, job.pipeline.catalog
    asset = job.find_asset()
    standing = job.find_standing(asset)
    if standing is not Standing.OWNER:
        delete_unwanted(job.event, renditions, catalog)
    paused = asset is not None and clock() - from_iso(asset.updated_at) >= PROGRESS_SECONDS
    if standing is Standing.OWNER and paused:
        with suppress(TransientError):
            catalog.progress(job.event, job.execution, _percent(job, plan))
    return standing


def _percent(job: LongJob, plan: WorkPlan) -> int:
    """Tell how many of the parts are stored, by their indexes."""
    below = set(job.pipeline.renditions.keys_below(job.work_key("")))
    done = sum(job.work_key(each.index) in below for each in plan.parts)
    return min(MOST_PERCENT, round(100 * done / len(plan.parts)))


def _children_ms() -> int:
    """Return the time that the encoders of this process took so far, of all cores."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return round((used.ru_utime + used.ru_stime) * 1000)
