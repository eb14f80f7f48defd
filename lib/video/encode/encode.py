"""Make all that is planned of one source, or of a span of it, by one ffmpeg process."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from lib.domain.errors import ErrorCode, PermanentError
from lib.domain.media import VideoProbe
from lib.process_limits import Bounds
from lib.video.encode.arguments import encode_arguments, loudness_arguments
from lib.video.encode.encode_span import encode_span
from lib.video.encode.ffmpeg import Ffmpeg, ignore, run_checked
from lib.video.encode.loudness import Loudness, read_loudness
from lib.video.encode.tone_table import remove_table, write_table
from lib.video.isobmff import read_boxes
from lib.video.package.cmaf import holds_more_than_time
from lib.video.package.webvtt import write_subtitles
from lib.video.plan.plan import (
    AUDIO_FILE,
    IMAGE_FOLDERS,
    Plan,
    PlannedAudio,
    VideoTask,
    without,
)
from lib.video.plan.proportion import bounds_of

LENIENT = ("-max_error_rate", "1")
"""However much is damaged, the rest is made, of a source as of each of its spans."""

SAMPLES_OF_AAC = 1024
"""Of a packet, in each channel: ticks at the rate of the sound."""


@dataclass(frozen=True, slots=True)
class _Job:
    """What does not change between the processes of one encode."""

    task: VideoTask
    ffmpeg: Ffmpeg
    on_progress: Callable[[int], None]
    bounds: Bounds

    @property
    def folder(self) -> Path:
        """Return where everything is written."""
        return self.ffmpeg.scratch


def encode_video(
    task: VideoTask, ffmpeg: Ffmpeg, on_progress: Callable[[float], None] = ignore
) -> dict[str, PermanentError]:
    """Write all that is planned into the scratch; return what was left out, by name.

    Audio and subtitles may be left out, and the rungs of a span in which the source holds nothing.
    Each rung is `<name>.mp4`, fragmented, a fragment a segment; each audio track too, or
    `audio.m4a` for a source without video; each subtitle track `<name>.vtt`; images are
    `tiles/<ms>.jpg` and `stills/<ms>.jpg`. All times are those of the source, whose
    earliest track starts at 0. Of a span only the video is made. `on_progress` gets the part that
    is done, 0 to 1. What a damaged source still holds is made.
    Raises PermanentError(CORRUPT_MEDIA) where the video, or all audio of a source without video,
    cannot be made, PermanentError(LIMIT_EXCEEDED) where that takes far more than was expected;
    TransientError(DEADLINE_NEAR), and TransientError(SERVICE_UNAVAILABLE) where the source could
    not be read to its end. Nothing is left in the scratch then.
    """
    if task.span:
        task = replace(task, plan=replace(task.plan, audio=(), subtitles=()))
    bounds = bounds_of(task, ffmpeg.scratch)
    job = _Job(task, ffmpeg, _reporter(task, on_progress), bounds)
    for name in IMAGE_FOLDERS:
        (job.folder / name).mkdir()
    try:
        write_table(task.probe, job.folder)
        left_out = _make(job, task.plan)
    except BaseException:
        _clear(job.folder)
        raise
    remove_table(job.folder)
    on_progress(1.0)
    return left_out


def _make(job: _Job, asked: Plan) -> dict[str, PermanentError]:
    levels, left_out = _measure_loudness(job, asked)
    plan = without(asked, left_out)
    try:
        if job.task.span and plan.rungs:
            encode_span(job.task, job.task.span, job.folder, partial(_run_task, job))
        else:
            _run(job, plan, levels)
    except PermanentError as error:
        if error.code is ErrorCode.LIMIT_EXCEEDED:
            raise
        left_out |= _make_apart(job, plan, levels, error)
    else:
        if _repeating(job, plan):
            left_out |= _make_apart(job, plan, levels)
    left_out |= write_subtitles(job.folder, without(plan, left_out).subtitles)
    files = _files(job, without(plan, left_out))
    empty = {name: _nothing(job, plan, name) for name, path in files if not _holds_media(path)}
    left_out |= empty
    for name, path in _files(job, asked):
        if name in left_out:
            path.unlink(missing_ok=True)
    is_past_the_end = job.task.span and all(each.name in empty for each in asked.rungs)
    if not is_past_the_end:
        _require_essentials(asked, left_out)
    return left_out


def _repeating(job: _Job, plan: Plan) -> list[PlannedAudio]:
    """Return the sounds that begin anew where one of them changes its rate or its channels.

    All tracks share a graph, which is built again then. Without a graph for all of them ffmpeg 9
    hangs now and then.
    """
    if not isinstance(job.task.probe, VideoProbe):
        return []
    found = []
    for audio in plan.audio:
        path = job.folder / f"{audio.name}.mp4"
        if path.is_file():
            with path.open("rb") as file:
                found += [audio] if holds_more_than_time(file, SAMPLES_OF_AAC) else []
    return found


def _nothing(job: _Job, plan: Plan, name: str) -> PermanentError:
    """Say why a track is empty: beside a picture a sound that is none is not missed.

    One is missed that can't be decoded, which ffmpeg calls a failure only where it is not lenient.
    """
    audio = tuple(each for each in plan.audio if each.name == name)
    if audio:
        alone = replace(plan, rungs=(), audio=audio, subtitles=())
        try:
            _start(job, encode_arguments(replace(job.task, plan=alone), job.folder))
        except PermanentError as problem:
            return problem
    is_beside = isinstance(job.task.probe, VideoProbe) and name not in _rungs(job.task.plan)
    code = ErrorCode.UNSUPPORTED_MEDIA if is_beside else ErrorCode.ENCODE_FAILED
    return PermanentError(code, "the track holds nothing")


def _rungs(plan: Plan) -> set[str]:
    return {each.name for each in plan.rungs}


def _require_essentials(asked: Plan, left_out: Mapping[str, PermanentError]) -> None:
    """Pass where all rungs were made, or some audio of a source without video; else raise why not.

    Raises PermanentError: LIMIT_EXCEEDED, and CORRUPT_MEDIA for anything else.
    """
    essential = [each.name for each in asked.rungs or asked.audio]
    missing = [left_out[name] for name in essential if name in left_out]
    if not missing or (not asked.rungs and len(missing) < len(essential)):
        return
    if missing[0].code is ErrorCode.LIMIT_EXCEEDED:
        raise missing[0]
    if missing[0].code is ErrorCode.UNSUPPORTED_MEDIA:
        raise missing[0]
    raise PermanentError(ErrorCode.CORRUPT_MEDIA, missing[0].message) from missing[0]


def _make_apart(
    job: _Job, plan: Plan, levels: Mapping[str, Loudness], error: PermanentError | None = None
) -> dict[str, PermanentError]:
    """Make video, each audio and subtitle track by its own process: one may have failed all.

    `error` is how that ended. Returns what cannot be made, by name.
    """
    parts = list(_parts(plan))
    if len(parts) == 1 and error:
        return dict.fromkeys(parts[0][0], error)
    failed: dict[str, PermanentError] = {}
    for names, part in parts:
        try:
            _run(job, part, levels)
            if repeating := _repeating(job, part):
                again = tuple(replace(each, aligned=False) for each in repeating)
                _run(job, replace(part, audio=again), levels)
        except PermanentError as problem:
            if problem.code is ErrorCode.LIMIT_EXCEEDED:
                raise
            failed |= dict.fromkeys(names, problem)
            if part.rungs:
                break
    return failed


def _parts(plan: Plan) -> Iterator[tuple[list[str], Plan]]:
    """Yield what can be made alone: its names, and it. Video comes first."""
    if plan.rungs:
        yield [each.name for each in plan.rungs], replace(plan, audio=(), subtitles=())
    bare = replace(plan, rungs=())
    for audio in plan.audio:
        yield [audio.name], replace(bare, audio=(audio,), subtitles=())
    for subtitle in plan.subtitles:
        yield [subtitle.name], replace(bare, audio=(), subtitles=(subtitle,))


def _measure_loudness(
    job: _Job, plan: Plan
) -> tuple[dict[str, Loudness], dict[str, PermanentError]]:
    """Measure the audio to be normalised, by name; and say which cannot be decoded."""
    levels: dict[str, Loudness] = {}
    failed: dict[str, PermanentError] = {}
    report = job.folder / "loudness.json"
    for audio in plan.audio:
        if not audio.normalised:
            continue
        arguments = loudness_arguments(job.task.source, job.task.probe, audio, report)
        try:
            _start(replace(job, on_progress=ignore), arguments)
        except PermanentError as error:
            failed[audio.name] = error
        else:
            if measured := read_loudness(report.read_text()):
                levels[audio.name] = measured
        report.unlink(missing_ok=True)
    return levels, failed


def _run_task(job: _Job, task: VideoTask) -> None:
    _start(job, [*LENIENT, *encode_arguments(task, job.folder)])


def _run(job: _Job, plan: Plan, levels: Mapping[str, Loudness]) -> None:
    task = replace(job.task, plan=plan)
    _start(job, [*LENIENT, *encode_arguments(task, job.folder, levels)])


def _start(job: _Job, arguments: list[str]) -> None:
    locator, bounds = job.task.source.locator, job.bounds
    run_checked(job.ffmpeg, arguments, locator, on_progress=job.on_progress, bounds=bounds)


def _files(job: _Job, plan: Plan) -> Iterator[tuple[str, Path]]:
    alone = not isinstance(job.task.probe, VideoProbe)
    for name in (each.name for part in (plan.rungs, plan.audio) for each in part):
        yield name, job.folder / (AUDIO_FILE if alone else f"{name}.mp4")
    for subtitle in plan.subtitles:
        yield subtitle.name, job.folder / f"{subtitle.name}.vtt"


def _holds_media(path: Path) -> bool:
    """Tell whether a file that ffmpeg finished has samples, or cues."""
    if not path.is_file():
        return False
    if path.suffix == ".vtt":
        return "-->" in path.read_text("utf-8", "replace")
    with path.open("rb") as file:
        return any(box.kind == b"mdat" and box.end > box.body for box in read_boxes(file))


def _clear(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def _reporter(task: VideoTask, on_progress: Callable[[float], None]) -> Callable[[int], None]:
    """Translate the ms written to the part that is done."""
    span = task.span
    total_ms = (span.end_s - span.start_s) * 1000 if span else task.probe.duration_ms
    if not total_ms:
        return lambda _: None
    furthest = 0.0

    def report(written_ms: int) -> None:
        nonlocal furthest
        # A second process starts from the beginning.
        furthest = max(furthest, min(1.0, written_ms / total_ms))
        on_progress(furthest)

    return report
