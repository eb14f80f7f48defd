"""Run ffmpeg over files that the pipeline itself has made, to make one more of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lib.video.encode.diagnosis import diagnose
from lib.video.encode.ffmpeg import Ffmpeg, run

NOTHING_BUT_THE_MEDIA = (
    # bitexact leaves out the encoder's name and the time of the run, so that a repeat gives the
    # same bytes.
    *("-map_metadata", "-1", "-map_chapters", "-1"),
    *("-fflags", "+bitexact", "-flags", "+bitexact", "-abort_on", "empty_output"),
)


def rework(inputs: Sequence[str], outputs: Sequence[str], path: Path, ffmpeg: Ffmpeg) -> None:
    """Write the file `path`; `inputs` and `outputs` are ffmpeg's arguments before and for it.

    Raises PermanentError(ENCODE_FAILED), TransientError(SERVICE_UNAVAILABLE) where the disk is full
    or the process was killed, TransientError(DEADLINE_NEAR).
    """
    arguments = [*inputs, *outputs, *NOTHING_BUT_THE_MEDIA, f"file:{path}"]
    if problem := diagnose(run(ffmpeg, arguments), str(path.parent)):
        raise problem


def own_file(path: Path, *, start_s: float = 0) -> tuple[str, ...]:
    """Return the arguments that open one MP4 of the pipeline's own, from a time in s on."""
    seek = ("-ss", f"{start_s:.3f}") if start_s else ()
    return (*seek, "-protocol_whitelist", "file", "-f", "mov", "-i", f"file:{path}")
