"""Assemble all that becomes of a source from its encoded tracks, wherever these lie."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Protocol

from lib.domain.errors import ErrorCode, Failure
from lib.domain.media import MediaWarning, WarningCode
from lib.domain.renditions import Made, Part, RenditionKind, Work
from lib.imaging.port import Images
from lib.video.auxiliary.auxiliary import attempt, choose_tracks, make_auxiliary
from lib.video.auxiliary.waveform import make_waveform
from lib.video.encode.encoded import Encoded, count_missing, describe_damage
from lib.video.encode.ffmpeg import Ffmpeg
from lib.video.encode.prune_ladder import find_redundant
from lib.video.package.streams import HLS, PLAYLIST, VTT, make_streams, make_subtitles
from lib.video.package.track import Segment, Track
from lib.video.plan.made_length import note_length
from lib.video.plan.plan import (
    AUDIO_FILE,
    Plan,
    PlannedAudio,
    PlannedSubtitle,
    VideoTask,
    recipe_of,
    without,
)
from lib.video.probe.mediainfo import read_probe

NOTED = frozenset({ErrorCode.UNSUPPORTED_MEDIA})
"""Why a track can be left out without being missed: no decoder has it, or it holds nothing."""


class Segments(Protocol):
    """The encoded tracks of one source: in a folder, or as the ranges of a long one stored them."""

    def read_track(self, name: str) -> Track:
        """Return one track with its segments."""
        ...

    def read_parts(self, track: Track) -> Iterable[Part]:
        """Return the objects of a track that are still to be stored."""
        ...

    def read_clip(self, track: Track, segment: Segment) -> bytes:
        """Return the init segment of a track and one more: a file that can be decoded."""
        ...

    def fetch(self, plan: Plan, tracks: Iterable[Track], folder: Path) -> None:
        """Have in `folder` what the encoder left: images, subtitles, and these tracks' files."""
        ...


def assemble(
    task: VideoTask,
    segments: Segments,
    ended: Encoded,
    ffmpeg: Ffmpeg,
    images: Images,
) -> Work:
    """Return the streams, the subtitles and what goes with them; they are made when asked for.

    `ended` says what of the plan could not be encoded, and what is damaged. Rungs that are not
    worth their bytes are left out, too. Of a source without video it is one file and its
    waveform. Files lie in the scratch of `ffmpeg` until they are stored.
    Raises PermanentError, and TransientError as an encode does.
    """
    probe, preset, left_out = task.probe, task.preset, ended.left_out
    if not task.plan.rungs:
        segments.fetch(task.plan, (), ffmpeg.scratch)
        lasts_ms = _duration_ms(ffmpeg.scratch / AUDIO_FILE)
        noted_sound = note_length(probe, lasts_ms, task.source.size)
        damaged = (*noted_sound.warnings, *describe_damage(ended.damage))
        return Work(
            probe=replace(noted_sound, warnings=damaged),
            made=_audio_alone(task, lasts_ms, ffmpeg),
            preset=preset.name,
            recipe=recipe_of(probe, preset),
        )
    encoded = without(task.plan, left_out)
    rungs = [segments.read_track(each.name) for each in encoded.rungs]
    redundant = find_redundant(task, rungs, segments.read_clip, ffmpeg)
    rungs = [each for each in rungs if each.name not in redundant]
    audio = [
        replace(
            segments.read_track(each.name),
            language=each.track.language,
            title=each.track.title,
            default=each.track.default,
        )
        for each in encoded.audio
    ]
    tracks, plan = [*rungs, *audio], without(encoded, redundant)
    looked_at = choose_tracks(plan, preset.video)
    segments.fetch(plan, [each for each in tracks if each.name in looked_at], ffmpeg.scratch)
    made_ms = max(round(each.seconds * 1000) for each in tracks)
    noted = note_length(task.video, made_ms, task.source.size)
    lasts_ms = noted.duration_ms or made_ms
    rate = noted.frame_rate or float(rungs[0].frame_rate or 0)
    damages = describe_damage(ended.damage, rate, count_missing(noted.frame_rate, task, rungs[0]))
    auxiliary = make_auxiliary(plan, preset, lasts_ms, ffmpeg, images)
    return Work(
        probe=replace(
            noted,
            phash=auxiliary.phash,
            warnings=(*noted.warnings, *damages, *_notes(task.plan, left_out)),
        ),
        made=chain(
            make_streams(rungs, audio, plan.subtitles, map(segments.read_parts, tracks)),
            make_subtitles(ffmpeg.scratch, plan.subtitles),
            auxiliary.made,
            _failed(task.plan, left_out),
        ),
        preset=preset.name,
        recipe=recipe_of(probe, preset),
        placeholder=auxiliary.placeholder,
    )


def _duration_ms(path: Path) -> int:
    with path.open("rb") as file:
        return read_probe(file, "mov").duration_ms or 0


def _audio_alone(task: VideoTask, duration_ms: int, ffmpeg: Ffmpeg) -> Iterator[Made]:
    """Yield the one file of a source without video, and its waveform."""
    path = ffmpeg.scratch / AUDIO_FILE
    yield Made(path.name, RenditionKind.AUDIO, "audio/mp4", path, duration_ms=duration_ms)
    if task.preset.audio.waveform:
        yield from attempt(
            Made("waveform.png", RenditionKind.WAVEFORM, "image/png"),
            lambda: make_waveform(path, duration_ms, ffmpeg),
        )


def _notes(plan: Plan, left_out: Mapping[str, Failure]) -> Iterator[MediaWarning]:
    """Name the tracks that nobody could make: trying again, or another release, is no use."""
    tracks: list[tuple[str, PlannedAudio | PlannedSubtitle]] = [
        *(("sound", each) for each in plan.audio),
        *(("subtitles", each) for each in plan.subtitles),
    ]
    for kind, each in tracks:
        failure = left_out.get(each.name)
        if failure and failure.code in NOTED:
            message = f"{kind} track ({each.track.codec or 'unknown'}): {failure.message}"
            yield MediaWarning(WarningCode.TRACK_NOT_DECODED, message)


def _failed(plan: Plan, left_out: Mapping[str, Failure]) -> Iterator[Made]:
    """Name the tracks that could not be made, and why."""
    failed = {name: each for name, each in left_out.items() if each.code not in NOTED}
    for audio in plan.audio:
        if failure := failed.get(audio.name):
            name = f"{audio.name}/{PLAYLIST}"
            yield Made(name, RenditionKind.RUNG, HLS, error=failure)
    for subtitle in plan.subtitles:
        if failure := failed.get(subtitle.name):
            yield Made(f"{subtitle.name}.vtt", RenditionKind.SUBTITLES, VTT, error=failure)
