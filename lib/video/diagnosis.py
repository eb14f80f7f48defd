"""Tell from ffmpeg's exit and log why a run failed, and whether retrying can help. Pure."""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence

from lib.errors import ErrorCode, MediaError, PermanentError, TransientError
from lib.video.ffmpeg import Run
from lib.video.locator import is_remote

QUOTED_LINES = 3
QUOTED_CHARACTERS = 400

_KILLS = (signal.SIGKILL, signal.SIGTERM)

# 416 answers a read behind the end, to which the index of a truncated file points.
_NETWORK = re.compile(
    r"\[(?:https?|tcp|tls) @ \w+\] \[(?:error|fatal)\]"
    r"|\[https? @ \w+\] \[warning\] HTTP error (?!416)[45]\d\d"
)
_ERROR = re.compile(r"^(?:\[[^\]]* @ \w+\] )*\[(?:error|fatal|panic)\] ")
_URL = re.compile(r"\b\w+://\S+")


def diagnose(run: Run, locator: str) -> MediaError | None:
    """Return what is wrong with a run, None if nothing is.

    TransientError(SERVICE_UNAVAILABLE): the source could not be read to its end, the disk is full,
    or the process was killed from outside. PermanentError(ENCODE_FAILED): everything else.
    """
    failed = run.code != 0
    # ffmpeg reconnects; where that fails in the middle it stops early without calling it a failure.
    stopped = failed or any("Error during demuxing" in line for line in run.log)
    if stopped and is_remote(locator) and any(_NETWORK.match(line) for line in run.log):
        return _unavailable(f"the source could not be read: {quote(run.log, locator)}")
    if any("No space left on device" in line for line in run.log):
        return _unavailable("expected free disk space for the rendition but there is none")
    if -run.code in _KILLS:
        return _unavailable(f"ffmpeg was killed by signal {-run.code}; is memory short?")
    if not failed:
        return None
    reason = quote(run.log, locator) or f"ffmpeg ended with code {run.code}"
    return PermanentError(ErrorCode.ENCODE_FAILED, reason)


def quote(log: Sequence[str], locator: str) -> str:
    """Return the last errors of a log in one line, without the locator, URLs or odd characters.

    A presigned URL lets everybody who reads it read the source.
    """
    errors = [_ERROR.sub("", line) for line in log if _ERROR.match(line)]
    quoted = " | ".join(errors[-QUOTED_LINES:])
    quoted = _URL.sub("source", quoted.replace(locator, "source"))
    return "".join(c for c in quoted if c.isprintable())[:QUOTED_CHARACTERS]


def _unavailable(message: str) -> TransientError:
    return TransientError(ErrorCode.SERVICE_UNAVAILABLE, message)
