"""Make what a page shows around a player: poster, storyboard, preview, one plain file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lib.domain.errors import ErrorCode, Failure, PermanentError
from lib.domain.formats import OUTPUTS
from lib.domain.renditions import Made, Placeholder, RenditionKind
from lib.imaging.images import Images
from lib.presets import Preset
from lib.video.auxiliary import preview, progressive
from lib.video.auxiliary.attempt import attempt
from lib.video.auxiliary.poster import Poster, make_poster
from lib.video.auxiliary.storyboard import make_storyboard
from lib.video.encode.ffmpeg import Ffmpeg
from lib.video.plan.plan import Plan

STILLS, TILES = "stills", "tiles"
"""Folders into which the encoder puts pictures, beside its files."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Renditions to come, and what stands for the video until they are shown."""

    made: Iterator[Made]
    placeholder: Placeholder | None = None
    phash: str | None = None


def surround(
    plan: Plan, preset: Preset, duration_ms: int, ffmpeg: Ffmpeg, images: Images
) -> Surroundings:
    """Make what the plan and the preset ask for from the encoder's files in its scratch.

    One that cannot be made carries its error. Raises TransientError.
    """
    folder, deadline = ffmpeg.scratch, ffmpeg.deadline
    try:
        poster: Poster | None = make_poster(folder / STILLS, preset.image, deadline, images)
        problem = None
    except PermanentError as exc:
        poster, problem = None, exc

    def posters() -> Iterable[Made]:
        if poster:
            return poster.made
        failure = Failure.of(problem or PermanentError(ErrorCode.ENCODE_FAILED, "no poster"))
        return [
            Made(f"poster.{output.extension}", RenditionKind.POSTER, output.mime, error=failure)
            for output in map(OUTPUTS.__getitem__, preset.image.formats)
        ]

    def storyboard() -> Iterable[Made]:
        return [make_storyboard(folder / TILES, duration_ms, deadline, images)]

    def moving() -> Iterable[Made]:
        at_ms = poster.at_ms if poster else 0
        rung = preview.choose_rung(plan.rungs)
        yield preview.make_preview(rung, preset.video.preview, at_ms, duration_ms, ffmpeg)

    def plain() -> Iterable[Made]:
        rung = progressive.choose_rung(plan.rungs, preset.video.mp4)
        sound = progressive.choose_sound(plan.sounds)
        if rung:
            yield progressive.make_progressive(rung, sound, duration_ms, ffmpeg)

    def all_of_them() -> Iterator[Made]:
        yield from posters()
        if plan.tile_s:
            yield from attempt("storyboard.vtt", RenditionKind.STORYBOARD, "text/vtt", storyboard)
        if preset.video.preview != "none":
            kind = preset.video.preview
            mime = "image/webp" if kind == "webp" else "video/mp4"
            yield from attempt(f"preview.{kind}", RenditionKind.PREVIEW, mime, moving)
        yield from attempt(f"{preset.video.mp4}p.mp4", RenditionKind.VIDEO, "video/mp4", plain)

    return Surroundings(
        all_of_them(),
        poster.placeholder if poster else None,
        poster.phash if poster else None,
    )
