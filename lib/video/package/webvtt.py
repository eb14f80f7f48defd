"""Write WebVTT so that no text of a source can pass for a cue, a setting or markup.

https://www.w3.org/TR/webvtt1/, sections 4.1 and 4.2: a cue ends at the first blank line, and only
`&`, `<` and `-->` mean something in its text.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from pathlib import Path

from lib.domain.errors import ErrorCode, PermanentError
from lib.video.package.ass import TextStyle
from lib.video.package.cues import Cue, read_cues, read_timed_text
from lib.video.plan.plan import PlannedSubtitle

DECODED = ".mks"
TIMED_TEXT = ".tx3g"
"""Subtitles as ffmpeg leaves them: the words of a source can't break out of a block of Matroska."""

MOST_BYTES = 16_000_000
"""Of all subtitles, decoded; those of a film in one language have some 200 kB."""

SIGNATURE = "WEBVTT"

_TAG = re.compile("</?[biu]>")
_CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f\x85\u2028\u2029]")
"""A tab, a return and what else may be taken for an end of the line; lines end at `\\n` alone."""


def write_subtitles(
    folder: Path, subtitles: Iterable[PlannedSubtitle]
) -> dict[str, PermanentError]:
    """Turn the subtitles that were decoded into a folder into WebVTT; name what is too much."""
    failed: dict[str, PermanentError] = {}
    left = MOST_BYTES
    for subtitle in subtitles:
        read = read_cues
        decoded = folder / f"{subtitle.name}{DECODED}"
        if not decoded.is_file():
            decoded, read = decoded.with_suffix(TIMED_TEXT), read_timed_text
        if not decoded.is_file():
            continue
        size = decoded.stat().st_size
        if size > left:
            message = f"expected at most {MOST_BYTES} bytes of subtitles"
            failed[subtitle.name] = PermanentError(ErrorCode.LIMIT_EXCEEDED, message)
        else:
            left -= size
            content = serialize_cues(read(decoded.read_bytes()))
            decoded.with_suffix(".vtt").write_text(content, "utf-8")
    for decoded in (*folder.glob(f"*{DECODED}"), *folder.glob(f"*{TIMED_TEXT}")):
        decoded.unlink()
    return failed


def serialize_cues(cues: Iterable[Cue]) -> str:
    """Return a WebVTT file of cues, by when they start; those that show nothing are left out."""
    blocks = [SIGNATURE]
    for cue in sorted(cues, key=lambda each: each.start_ms):
        text = _text(cue)
        if text and cue.end_ms > cue.start_ms >= 0:
            settings = f" {cue.settings}" if cue.settings else ""
            blocks.append(f"{_time(cue.start_ms)} --> {_time(cue.end_ms)}{settings}\n{text}")
    return "\n\n".join(blocks) + "\n"


def _text(cue: Cue) -> str:
    """Return the lines of a cue, none of them blank."""
    marked = "".join(_mark(html.escape(_plain(text), quote=False), look) for text, look in cue.runs)
    lines = (line.strip() for line in marked.split("\n"))
    return "\n".join(line for line in lines if _TAG.sub("", line).strip())


def _plain(text: str) -> str:
    return _CONTROLS.sub(" ", text)


def _mark(text: str, look: TextStyle) -> str:
    """Put tags around each line of a run, so that a line can be left out."""
    tags = [
        tag for tag, on in zip("biu", (look.bold, look.italic, look.underline), strict=True) if on
    ]
    first, last = "".join(f"<{tag}>" for tag in tags), "".join(f"</{tag}>" for tag in tags[::-1])
    return "\n".join(f"{first}{line}{last}" if line.strip() else line for line in text.split("\n"))


def _time(ms: int) -> str:
    seconds, rest = divmod(ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return (f"{hours:02d}:" if hours else "") + f"{minutes:02d}:{seconds:02d}.{rest:03d}"
