"""Make all that is planned of one source, or of a span of it, by one ffmpeg process."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import reduce
from pathlib import Path

from lib.domain.errors import ErrorCode, Failure, PermanentError
from lib.domain.media import VideoProbe
from lib.video.encode.apart import find_repeating, make_apart
from lib.video.encode.arguments import encode_arguments, loudness_arguments
from lib.video.encode.encode_span import encode_span
from lib.video.encode.encoded import Damage, Encoded
from lib.video.encode.ffmpeg import Ffmpeg, ignore
from lib.video.encode.job import Job, reporter
from lib.video.encode.loudness import Loudness, read_loudness
from lib.video.encode.open_source import INDEXED
from lib.video.encode.tone_table import remove_table, write_table
from lib.video.isobmff import read_boxes
from lib.video.package.webvtt import write_subtitles
from lib.video.plan.plan import (
    AUDIO_FILE,
    IMAGE_FOLDERS,
    Plan,
    VideoTask,
    without,
)
from lib.video.plan.proportion import bounds_of


def encode_video(
    task: VideoTask, ffmpeg: Ffmpeg, on_progress: Callable[[float], None] = ignore
) -> Encoded:
    """Write all that is planned into the scratch; return what was left out, and is damaged.

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
    job = Job(task, ffmpeg, reporter(task, on_progress), bounds)
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
    damage = reduce(Damage.or_more, job.seen, Damage())
    if task.span:
        damage = damage.of_span(starts_clean=task.source.container in INDEXED)
    return Encoded({name: Failure.of(error) for name, error in left_out.items()}, damage)


def _make(job: Job, asked: Plan) -> dict[str, PermanentError]:
    levels, left_out = _measure_loudness(job, asked)
    plan = without(asked, left_out)
    try:
        if job.task.span and plan.rungs:
            encode_span(job.task, job.task.span, job.folder, job.run_task)
        else:
            job.run(plan, levels)
    except PermanentError as error:
        if error.code is ErrorCode.LIMIT_EXCEEDED:
            raise
        left_out |= make_apart(job, plan, levels, error)
    else:
        if find_repeating(job, plan):
            left_out |= make_apart(job, plan, levels)
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


def _nothing(job: Job, plan: Plan, name: str) -> PermanentError:
    """Say why a track is empty: beside a picture a sound that is none is not missed.

    One is missed that can't be decoded, which ffmpeg calls a failure only where it is not lenient.
    """
    audio = tuple(each for each in plan.audio if each.name == name)
    if audio:
        alone = replace(plan, rungs=(), audio=audio, subtitles=())
        try:
            job.start(encode_arguments(replace(job.task, plan=alone), job.folder))
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


def _measure_loudness(
    job: Job, plan: Plan
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
            replace(job, on_progress=ignore).start(arguments)
        except PermanentError as error:
            failed[audio.name] = error
        else:
            if measured := read_loudness(report.read_text()):
                levels[audio.name] = measured
        report.unlink(missing_ok=True)
    return levels, failed


def _files(job: Job, plan: Plan) -> Iterator[tuple[str, Path]]:
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
