"""Make a muted MP4 of the frames of an animation, each shown for as long as it asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from lib.domain.errors import ErrorCode, Failure, MediaError, TransientError
from lib.domain.renditions import Made, RenditionKind
from lib.presets import VideoPreset
from lib.video.encode.ffmpeg import DEADLINE_MARGIN_SECONDS, STRIPPED_ARGUMENTS, Ffmpeg, run_checked
from lib.video.plan.ladder import fit

NAME = "animation.mp4"
FRAME, LIST = "{}.ppm", "frames.ffconcat"

USUAL_CRF = 23
"""x264's own, where a preset has only other codecs."""

TICKS = 1000
"""A second. Frames are timed in ms."""

NOMINAL_RATE = 50
"""Frames a second that the H.264 level allows for: more than any browser shows of an animation.
x264 would take the ticks for them, and mark the file as too much for most decoders."""

SRGB_TAGS = "setparams=color_primaries=bt709:color_trc=iec61966-2-1:colorspace=bt709"
"""sRGB, which has the primaries of BT.709."""

Frames = Callable[[tuple[int, int]], Iterator[tuple[bytes, int]]]
"""In a size in px: each frame as rows of RGB bytes, and how long it is shown, in ms."""


def make_animation(
    size: tuple[int, int], frames: Frames, preset: VideoPreset, *, ffmpeg: Ffmpeg
) -> Made:
    """Encode the frames of an animation of `size` px once; who plays it may loop it.

    They lie in the scratch meanwhile, 3 bytes a pixel. What is wrong with it for good, or that the
    time does not suffice, is said in the rendition.
    Raises TransientError(DISK_FULL), and what reading the frames does.
    """
    width, height = fit(*size, preset.mp4 or preset.ladder[-1])
    with TemporaryDirectory(dir=ffmpeg.scratch) as name:
        folder = Path(name)
        film = folder / NAME
        try:
            durations = _write(
                frames((width, height)), (width, height), replace(ffmpeg, scratch=folder)
            )
            arguments = animation_arguments(folder / LIST, durations, preset, film)
            run_checked(ffmpeg, arguments, str(folder))
        except MediaError as error:
            if not error.permanent and error.code is not ErrorCode.DEADLINE_NEAR:
                raise
            return _describe((width, height), error=Failure.of(error))
        content = film.read_bytes()
    return _describe((width, height), content, sum(durations), len(durations))


def animation_arguments(
    listed: Path, durations: Sequence[int], preset: VideoPreset, film: Path
) -> list[str]:
    """Return the arguments of an MP4 without audio: H.264 High 4:2:0, index first.

    Without B-frames the order of the file is that of the film, so that its length is plain from
    both. The last frame's time, which no later one ends, is put in by its number.
    """
    last = f"if(eq(N\\,{len(durations) - 1})\\,{durations[-1]}\\,DURATION)"
    return [
        *("-f", "concat", "-safe", "0", "-protocol_whitelist", "file", "-i", f"file:{listed}"),
        *("-map", "0:v:0", *STRIPPED_ARGUMENTS),
        *("-vf", f"scale=out_color_matrix=bt709:out_range=tv,format=yuv420p,setsar=1,{SRGB_TAGS}"),
        *("-c:v", "libx264", "-profile:v", "high", "-preset", preset.speed),
        *("-crf", str(preset.crf.get("h264", USUAL_CRF))),
        *("-bf", "0", "-x264-params", f"fps={NOMINAL_RATE}"),
        *("-flags:v", "+bitexact", "-fps_mode", "passthrough"),
        *("-enc_time_base", f"1:{TICKS}", "-video_track_timescale", str(TICKS)),
        *("-bsf:v", f"setts=duration={last}"),
        *("-f", "mp4", "-movflags", "+faststart", f"file:{film}"),
    ]


def _write(frames: Iterator[tuple[bytes, int]], size: tuple[int, int], ffmpeg: Ffmpeg) -> list[int]:
    """Write the frames and their list to the scratch; return the ms of each."""
    durations = []
    lines = ["ffconcat version 1.0"]
    for index, (pixels, shown_ms) in enumerate(frames):
        if ffmpeg.deadline() <= DEADLINE_MARGIN_SECONDS:
            raise TransientError(ErrorCode.DEADLINE_NEAR, f"too little time is left for {NAME}")
        name = FRAME.format(index)
        with (ffmpeg.scratch / name).open("wb") as file:
            file.write(b"P6 %d %d 255\n" % size)
            file.write(pixels)
        # The rate is the clock that ffmpeg gives a single picture; the duration is counted in it.
        lines += [f"file {name}", f"option framerate {TICKS}"]
        lines.append(f"duration {shown_ms / 1000:.3f}")
        durations.append(shown_ms)
    (ffmpeg.scratch / LIST).write_text("\n".join(lines) + "\n")
    return durations


def _describe(
    size: tuple[int, int],
    content: bytes | None = None,
    duration_ms: int | None = None,
    frames: int | None = None,
    *,
    error: Failure | None = None,
) -> Made:
    return Made(
        NAME,
        RenditionKind.VIDEO,
        "video/mp4",
        content,
        *size,
        duration_ms=duration_ms,
        frames=frames,
        error=error,
    )
