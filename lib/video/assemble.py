"""Describe all that becomes of a video or a sound, from what its encoder left in a folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain

from lib.domain.errors import Failure
from lib.domain.media import Probe
from lib.domain.renditions import Made, Part, RenditionKind, Work
from lib.imaging.images import Images
from lib.presets import Preset
from lib.video.auxiliary.attempt import attempt
from lib.video.auxiliary.waveform import make_waveform
from lib.video.encode.ffmpeg import Ffmpeg
from lib.video.package.streams import HLS, PLAYLIST, VTT, make_streams, make_texts
from lib.video.package.track import Track
from lib.video.plan.plan import Plan, recipe_of, without
from lib.video.plan.span import SOUND_ALONE
from lib.video.probe.mediainfo import read_probe


def describe_video(
    probe: Probe,
    plan: Plan,
    preset: Preset,
    rungs: Sequence[Track],
    sounds: Sequence[Track],
    parts: Iterable[Iterable[Part]],
    left_out: Mapping[str, Failure],
    *,
    ffmpeg: Ffmpeg,
    images: Images,
) -> Work:
    """Return the streams, the subtitles and what goes around them; they are made when asked for.

    `plan` is what was asked for, `left_out` what of it could not be made, by name; `parts` are the
    objects of each track that are still to be stored, rungs first.
    """
    # Imported here: a source that is handed over, or is only sound, does without.
    from lib.video.auxiliary.auxiliary import surround

    made = without(plan, left_out)
    around = surround(
        made,
        preset,
        probe.duration_ms or max(round(track.seconds * 1000) for track in rungs),
        ffmpeg,
        images,
    )
    return Work(
        probe=replace(probe, phash=around.phash),
        made=chain(
            make_streams(rungs, sounds, made.texts, parts),
            make_texts(ffmpeg.scratch, made.texts),
            around.made,
            _failed(plan, left_out),
        ),
        preset=preset.name,
        recipe=recipe_of(probe, preset),
        placeholder=around.placeholder,
    )


def describe_sound(probe: Probe, preset: Preset, ffmpeg: Ffmpeg) -> Work:
    """Return the one file of a source without a picture, and its drawing."""
    path = ffmpeg.scratch / SOUND_ALONE
    with path.open("rb") as file:
        duration_ms = read_probe(file, "mov").duration_ms or 0
    sound = Made(path.name, RenditionKind.AUDIO, "audio/mp4", path, duration_ms=duration_ms)

    def draw() -> Iterable[Made]:
        return make_waveform(path, duration_ms, ffmpeg)

    drawn = attempt("waveform.png", RenditionKind.WAVEFORM, "image/png", draw)
    return Work(
        probe=probe,
        made=chain([sound], drawn if preset.audio.waveform else ()),
        preset=preset.name,
        recipe=recipe_of(probe, preset),
    )


def _failed(plan: Plan, left_out: Mapping[str, Failure]) -> Iterator[Made]:
    """Name the tracks that could not be made, and why."""
    for sound in plan.sounds:
        if failure := left_out.get(sound.name):
            name = f"{sound.name}/{PLAYLIST}"
            yield Made(name, RenditionKind.RUNG, HLS, error=failure)
    for text in plan.texts:
        if failure := left_out.get(text.name):
            yield Made(f"{text.name}.vtt", RenditionKind.SUBTITLES, VTT, error=failure)
