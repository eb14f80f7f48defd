"""Encode one part of a long source, a range of its picture or its sound, and store it whole."""

from __future__ import annotations

import hashlib
import resource
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from lib.application.fenced_job import PROGRESS_SECONDS, PUT_THREADS
from lib.application.long_video import ownership
from lib.application.long_video.records import Part, PartIndex, WorkPlan
from lib.application.long_video.work_store import key_of, read_plan, same_recipe, write_index
from lib.application.pipeline import Pipeline
from lib.application.superseded import clear
from lib.domain.clock import Clock, from_iso
from lib.domain.errors import Failure, PermanentError, TransientError
from lib.domain.events import UploadEvent
from lib.domain.keys import WORK_FOLDER, rendition_key
from lib.domain.ports import Renditions
from lib.presets import Preset
from lib.video.package import cmaf
from lib.video.package.track import INIT, Track

MP4 = "video/mp4"
LOOSE = {".jpg": "image/jpeg", ".png": "image/png", ".vtt": "text/vtt", ".m4a": "audio/mp4"}
"""What an encode leaves beside its tracks, with its MIME type."""

MOST_PERCENT = 99
"""Packaging is still to do when all parts are encoded."""

Put = Callable[[str, bytes | Path, str], None]

Encode = Callable[[UploadEvent, WorkPlan, Preset, Part, Path], Mapping[str, PermanentError]]
"""Fills a folder with what one part gives; returns what was left out: see `encoding`."""


def encode_part(
    event: UploadEvent,
    execution: str,
    recipe: str,
    part: Part,
    encode: Encode,
    pipeline: Pipeline,
    *,
    folder: Path,
    clock: Clock = time.time,
) -> ownership.Standing:
    """Encode and store a part, unless that is done already; tell whether it was still wanted.

    The index is stored last, so that a part is either whole or not there. Keys are the same each
    time: a second worker on the same part overwrites the same bytes. `folder` is empty.
    Raises what `encode` raises, and TransientError.
    """
    renditions = pipeline.renditions
    standing = ownership.standing(event, execution, ownership.look_up(event, pipeline.catalog))
    if standing is not ownership.Standing.OWNER:
        return standing
    plan = read_plan(event, recipe, renditions)
    if renditions.fetch(key_of(event, recipe, part.index)) is None:
        preset = same_recipe(event, pipeline.presets, plan)
        started_ms = _children_ms()
        left_out = encode(event, plan, preset, part, folder)
        spent_ms = _children_ms() - started_ms
        tracks, inits = _store(event, plan, part, folder, renditions)
        failures = {name: Failure.of(error) for name, error in left_out.items()}
        write_index(event, recipe, part, PartIndex(tracks, inits, failures, spent_ms), renditions)
    return _report(event, execution, plan, pipeline, clock)


def _store(
    event: UploadEvent, plan: WorkPlan, part: Part, folder: Path, renditions: Renditions
) -> tuple[tuple[Track, ...], dict[str, str]]:
    """Store all segments and what lies beside them; return the tracks, and their inits' hashes."""
    tracks: list[Track] = []
    inits: dict[str, str] = {}

    def put(name: str, content: bytes | Path, mime: str) -> None:
        renditions.put(
            rendition_key(event.source, event.sequencer, plan.recipe, name), content, mime
        )

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
            _all(pool, put, ((*named, MP4) for named in segments_of(path)))
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


def _report(
    event: UploadEvent,
    execution: str,
    plan: WorkPlan,
    pipeline: Pipeline,
    clock: Clock,
) -> ownership.Standing:
    """Note how many parts are done, now and then; undo what nobody wants any more."""
    renditions, catalog = pipeline.renditions, pipeline.catalog
    asset = ownership.look_up(event, catalog)
    standing = ownership.standing(event, execution, asset)
    if standing is ownership.Standing.UNWANTED:
        clear(event, renditions, catalog)
    paused = asset is not None and clock() - from_iso(asset.updated_at) >= PROGRESS_SECONDS
    if standing is ownership.Standing.OWNER and paused:
        with suppress(TransientError):
            catalog.progress(event, execution, _percent(event, plan, renditions))
    return standing


def _percent(event: UploadEvent, plan: WorkPlan, renditions: Renditions) -> int:
    """Tell how many of the parts are stored, by their indexes."""
    below = set(renditions.keys_below(key_of(event, plan.recipe, "")))
    done = sum(key_of(event, plan.recipe, each.index) in below for each in plan.parts)
    return min(MOST_PERCENT, round(100 * done / len(plan.parts)))


def _children_ms() -> int:
    """Return the time that the encoders of this process took so far, of all cores."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return round((used.ru_utime + used.ru_stime) * 1000)
