"""Make the one file for a plain `<video src>`: a rung and the default audio, copied together."""

from __future__ import annotations

from collections.abc import Sequence

from lib.domain.renditions import Made, RenditionKind
from lib.video.encode.ffmpeg import Ffmpeg, own_file, rework
from lib.video.plan.ladder import Rung
from lib.video.plan.plan import PlannedAudio


def choose_progressive_rung(rungs: Sequence[Rung], most: int) -> Rung | None:
    """Return the rung of the first codec that is largest up to `most` px of its short side.

    The smallest where all are larger, None where `most` is 0 or nothing was planned.
    """
    if not rungs or not most:
        return None
    alike = sorted((each for each in rungs if each.codec == rungs[0].codec), key=short_side)
    return next((each for each in reversed(alike) if short_side(each) <= most), alike[0])


def choose_audio(audio: Sequence[PlannedAudio]) -> PlannedAudio | None:
    """Return the audio that the source plays by default, else its first."""
    return next((each for each in audio if each.track.default), next(iter(audio), None))


def make_progressive(
    rung: Rung, audio: PlannedAudio | None, duration_ms: int, ffmpeg: Ffmpeg
) -> Made:
    """Return `720p.mp4` with its index first, from encoded files in the scratch: nothing is lost.

    Both start where their time stamps say, so that audio and video stay together.
    Raises what `rework` raises.
    """
    path = ffmpeg.scratch / f"{short_side(rung)}p.mp4"
    files = [rung.name, *([audio.name] if audio else [])]
    rework(
        [word for name in files for word in own_file(ffmpeg.scratch / f"{name}.mp4")],
        (
            *(word for index in range(len(files)) for word in ("-map", f"{index}:0")),
            # Without copyts each file would be moved to start at 0, and so away from the other.
            *("-c", "copy", "-copyts", "-f", "mp4", "-movflags", "+faststart"),
        ),
        path,
        ffmpeg,
    )
    return Made(
        path.name,
        RenditionKind.VIDEO,
        "video/mp4",
        path,
        rung.width,
        rung.height,
        duration_ms,
    )


def short_side(rung: Rung) -> int:
    """Return px."""
    return min(rung.width, rung.height)
