"""Decode one frame of a source, to know whether there is a picture to make renditions of."""

from __future__ import annotations

from lib.domain.errors import ErrorCode, PermanentError
from lib.domain.media import VideoProbe
from lib.process_limits import Bounds
from lib.video.encode.ffmpeg import Ffmpeg, run_checked
from lib.video.encode.open_source import open_source
from lib.video.plan.plan import Plan, picture_stream
from lib.video.source import Input

ONE_FRAME = Bounds(expected_s=30.0)
"""What is damaged at its start is read until a frame comes."""


def find_obstacle(source: Input, probe: VideoProbe, ffmpeg: Ffmpeg) -> PermanentError | None:
    """Return why no frame of the picture can be decoded, None where one can, or may.

    Raises TransientError where the source could not be read, or DEADLINE_NEAR.
    """
    decoded = ffmpeg.scratch / "frame.txt"
    picture = open_source(source, probe, Plan(), None)[picture_stream(probe)]
    frame = picture.output(f"file:{decoded}", **{"f": "framecrc", "frames:v": 1})
    problem = PermanentError(ErrorCode.CORRUPT_MEDIA, "no frame of the picture can be decoded")
    try:
        run_checked(ffmpeg, frame.get_args(), source.locator, bounds=ONE_FRAME)
    except PermanentError as error:
        problem = error
    lines = decoded.read_text().splitlines() if decoded.exists() else []
    decoded.unlink(missing_ok=True)
    is_there = any(not line.startswith("#") for line in lines)
    return None if is_there or problem.code is ErrorCode.LIMIT_EXCEEDED else problem
