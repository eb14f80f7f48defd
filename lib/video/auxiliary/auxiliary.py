"""Make what goes with a stream: poster, storyboard, preview, one plain file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from lib.domain.errors import ErrorCode, Failure, PermanentError
from lib.domain.formats import OUTPUTS
from lib.domain.renditions import Made, Placeholder, RenditionKind
from lib.imaging.port import Images
from lib.presets import Preset, VideoPreset
from lib.video.auxiliary import preview, progressive_mp4
from lib.video.auxiliary.poster import make_poster
from lib.video.auxiliary.storyboard import make_storyboard
from lib.video.encode.ffmpeg import Ffmpeg
from lib.video.plan.plan import STILLS, TILES, Plan


@dataclass(frozen=True, slots=True)
class Auxiliary:
    """Renditions to come, and what stands for the video until they are shown."""

    made: Iterator[Made]
    placeholder: Placeholder | None = None
    phash: str | None = None


def make_auxiliary(
    plan: Plan, preset: Preset, duration_ms: int, ffmpeg: Ffmpeg, images: Images
) -> Auxiliary:
    """Make what the plan and the preset ask for from the encoder's files in its scratch.

    One that cannot be made carries its error. Raises TransientError.
    """
    poster, problem = None, PermanentError(ErrorCode.ENCODE_FAILED, "no poster")
    try:
        poster = make_poster(ffmpeg.scratch / STILLS, preset.image, ffmpeg.deadline, images)
    except PermanentError as exc:
        problem = exc

    def failed_posters() -> Iterator[Made]:
        for output in map(OUTPUTS.__getitem__, preset.image.formats):
            name, why = f"poster.{output.extension}", Failure.of(problem)
            yield Made(name, RenditionKind.POSTER, output.mime, error=why)

    def storyboard() -> Iterable[Made]:
        tiles = ffmpeg.scratch / TILES
        return [make_storyboard(tiles, duration_ms, ffmpeg.deadline, images)]

    def moving() -> Iterable[Made]:
        at_ms = poster.at_ms if poster else 0
        rung = preview.choose_preview_rung(plan.rungs)
        return [preview.make_preview(rung, preset.video.preview, at_ms, duration_ms, ffmpeg)]

    def plain() -> Iterable[Made]:
        rung = progressive_mp4.choose_progressive_rung(plan.rungs, preset.video.mp4)
        audio = progressive_mp4.choose_audio(plan.audio)
        return [progressive_mp4.make_progressive(rung, audio, duration_ms, ffmpeg)] if rung else ()

    def all_of_them() -> Iterator[Made]:
        yield from poster.made if poster else failed_posters()
        if plan.tile_s:
            expected = Made("storyboard.vtt", RenditionKind.STORYBOARD, "text/vtt")
            yield from attempt(expected, storyboard)
        if preset.video.preview != "none":
            kind = preset.video.preview
            mime = "image/webp" if kind == "webp" else "video/mp4"
            yield from attempt(Made(f"preview.{kind}", RenditionKind.PREVIEW, mime), moving)
        name = f"{preset.video.mp4}p.mp4"
        yield from attempt(Made(name, RenditionKind.VIDEO, "video/mp4"), plain)

    return Auxiliary(
        all_of_them(),
        poster.placeholder if poster else None,
        poster.phash if poster else None,
    )


def choose_tracks(plan: Plan, preset: VideoPreset) -> set[str]:
    """Return the names of the tracks whose files are looked at again."""
    rung = progressive_mp4.choose_progressive_rung(plan.rungs, preset.mp4)
    audio = progressive_mp4.choose_audio(plan.audio) if rung else None
    shown = preview.choose_preview_rung(plan.rungs) if preset.preview != "none" else None
    return {each.name for each in (rung, audio, shown) if each}


def attempt(expected: Made, make: Callable[[], Iterable[Made]]) -> Iterator[Made]:
    """Yield what is made, or the rendition that was expected, with why it cannot be."""
    try:
        yield from make()
    except PermanentError as exc:
        yield replace(expected, error=Failure.of(exc))
