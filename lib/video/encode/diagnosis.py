"""Tell from ffmpeg's exit and log why a run failed, and whether retrying can help. Pure."""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence
from dataclasses import dataclass, field

from lib.domain.errors import ErrorCode, MediaError, PermanentError, TransientError
from lib.video.encode.encoded import Damage
from lib.video.source import is_remote

QUOTED_LINES = 3
QUOTED_CHARACTERS = 400

EXHAUSTIONS = {
    signal.SIGXCPU: "the source takes far more time to decode than its description says",
    signal.SIGXFSZ: "what is made of the source is larger than the limits allow",
    signal.SIGKILL: "the source takes more memory, or more time, than it may have",
}
"""Signals that end a process which passes one of its bounds. Nobody else kills it: a function that
is stopped is stopped as a whole."""

_NO_MEMORY = re.compile(r"Cannot allocate memory|[Mm]alloc(?: of size \d+)? failed|out of memory")
_TOO_LARGE = re.compile(r"Picture size (\d+)x(\d+) exceeds")

# 416 answers a read behind the end, to which the index of a truncated file points.
_NETWORK = re.compile(
    r"\[(?:https?|tcp|tls) @ \w+\] \[(?:error|fatal)\]"
    r"|\[https? @ \w+\] \[warning\] (?:HTTP error (?!416)[45]\d\d|Will reconnect at)"
)
_GAVE_UP = re.compile(
    r"HTTP error (?!416)[45]\d\d|Stream ends prematurely|\[tcp @ .*Connection to .* failed"
    r"|Failed to reconnect"
)
_RECONNECTS = re.compile(r"Will reconnect at \d+ in (\d+) second")
"""With the pause before: 0 s for the first try, 1 s for the last. Of a last try that fails, too,
nothing is said: a read that times out looks like the end."""
_ERROR = re.compile(r"^(?:\[[^\]]* @ \w+\] )*\[(?:error|fatal|panic)\] ")
_INTERNAL = re.compile(
    r"filter|Stream specifier|[Oo]ption |Conversion failed|Task finished|Terminating thread"
    r"|Error opening (?:in|out)put|Error sending frames|Error while (?:add|open)ing"
)
"""Lines that tell of ffmpeg, and not of the source."""

_REASONS = tuple(
    (re.compile(said), code, reason)
    for said, code, reason in (
        (
            r"no decoder found for|Decoder (?:\(.*\) )?not found|Unknown decoder|codec none",
            ErrorCode.UNSUPPORTED_MEDIA,
            "no decoder reads it",
        ),
        (
            r"moov atom not found",
            ErrorCode.ENCODE_FAILED,
            "it is cut short, or was never finished: there is no index (moov)",
        ),
        (
            r"Stream specifier .* matches no streams|Stream map .* matches no streams",
            ErrorCode.ENCODE_FAILED,
            "the track that its description names is not there",
        ),
        (
            r"\[in#0.*Error opening input: Invalid data|Error opening input file.*Invalid data",
            ErrorCode.ENCODE_FAILED,
            "it is damaged: nothing of it can be read as what its first bytes say",
        ),
        (
            r"File ended prematurely|Truncating packet|partial file",
            ErrorCode.ENCODE_FAILED,
            "it is cut short before anything that can be decoded",
        ),
        (
            r"Decode error rate|Error submitting packet to decoder|\] Decoding error",
            ErrorCode.ENCODE_FAILED,
            "it is damaged: its frames can't be decoded",
        ),
        (
            r"received no packets|does not contain any stream|Output file is empty",
            ErrorCode.ENCODE_FAILED,
            "it holds nothing that can be decoded",
        ),
    )
)
"""What ffmpeg says of a source, and that in words for who sent it; the first that was said."""

_URL = re.compile(r"\b\w+://\S+")


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run."""

    code: int
    """Below zero: the signal that ended it."""
    log: tuple[str, ...]
    """The last lines, each with its level in brackets."""
    damage: Damage = field(default_factory=Damage)
    """What all of them tell of the source."""


def diagnose(run: Run, locator: str) -> MediaError | None:
    """Return what is wrong with a run, None if nothing is.

    TransientError(SERVICE_UNAVAILABLE): the source could not be read to its end, or the process was
    asked to end; DISK_FULL. PermanentError(LIMIT_EXCEEDED): it took more than it may have;
    PermanentError(UNSUPPORTED_MEDIA): no decoder reads it;
    PermanentError(ENCODE_FAILED): everything else.
    """
    failed = run.code != 0
    # ffmpeg reconnects; where that fails in the middle it stops early without calling it a failure,
    # and the demuxer of transport streams takes it for the end.
    stopped = failed or _gave_up(run) or any("Error during demuxing" in line for line in run.log)
    if stopped and is_remote(locator) and any(_NETWORK.match(line) for line in run.log):
        return _unavailable(f"the source could not be read: {quote(run.log, locator)}")
    if any("No space left on device" in line for line in run.log):
        full = "expected free disk space for the rendition but there is none"
        return TransientError(ErrorCode.DISK_FULL, full)
    if -run.code == signal.SIGTERM:
        return _unavailable("ffmpeg was ended by signal 15")
    if not failed:
        return None
    if excess := _excess(run):
        return PermanentError(ErrorCode.LIMIT_EXCEEDED, excess)
    return _explain(run, locator)


def _gave_up(run: Run) -> bool:
    """Tell whether the last that is said of the network is a failure that nothing follows.

    Of a last try nobody knows whether it worked: better once too often than a film without its end.
    """
    gave_up = False
    for line in run.log:
        if found := _RECONNECTS.search(line):
            gave_up = int(found[1]) > 0
        elif _GAVE_UP.search(line):
            gave_up = True
    return gave_up


def _explain(run: Run, locator: str) -> PermanentError:
    """Say in plain words what a failed run says; quote it where there are none for it."""
    for said, code, reason in _REASONS:
        if any(said.search(line) for line in run.log):
            return PermanentError(code, reason)
    reason = quote([each for each in run.log if not _INTERNAL.search(each)], locator)
    return PermanentError(
        ErrorCode.ENCODE_FAILED, reason or f"it can't be decoded: ffmpeg ended with code {run.code}"
    )


def _excess(run: Run) -> str:
    """Return which bound a failed run has passed, in words; nothing where it was none."""
    if run.code < 0 and -run.code in EXHAUSTIONS:
        return EXHAUSTIONS[signal.Signals(-run.code)]
    for line in run.log:
        if found := _TOO_LARGE.search(line):
            return f"expected frames of the described size but found {found[1]} x {found[2]} px"
        if _NO_MEMORY.search(line):
            return "the source takes more memory to decode than it may have"
    return ""


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
