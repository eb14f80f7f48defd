"""Read the text of SubRip and WebVTT cues: what is markup, and what only looks like it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import replace

from lib.video.package.ass import Runs, Script, TextStyle, read_settings

PLAIN = TextStyle()

_SRT_TAG = re.compile(
    r"<(?P<end>/?)(?:(?:(?P<name>[biu])|s)\s*|font(?:\s[^<>]*)?)>|\{\\[^{}]*\}", re.IGNORECASE
)
"""What players take for markup in SubRip, which has no standard; all else is text."""

_VTT_TAG = re.compile(
    r"<(?P<end>/?)(?:(?P<name>[biu])|c|v|lang|ruby|rt)?(?:[.\s\t][^<>]*)?>|<[\d:.]+>"
)
"""https://www.w3.org/TR/webvtt1/, 4.2.2; a number is a time within the cue."""

_REFERENCE = re.compile(r"&(?:amp|lt|gt|nbsp|lrm|rlm|#\d{1,7}|#x[0-9a-fA-F]{1,6});")
_SETTING = re.compile(
    r"(?:vertical:(?:rl|lr)|line:-?\d{1,4}(?:\.\d{1,4})?%?(?:,(?:start|center|end))?"
    r"|position:\d{1,3}(?:\.\d{1,4})?%(?:,(?:line-left|center|line-right))?"
    r"|size:\d{1,3}(?:\.\d{1,4})?%|align:(?:start|center|end|left|right))"
)


def read_srt(text: str) -> tuple[Runs, str]:
    """Return the runs of a SubRip cue, and where it stands as settings of a WebVTT cue."""
    return tuple(_read_runs(text, _SRT_TAG)), read_settings(text, PLAIN, Script())


def read_webvtt(text: str, settings: str) -> tuple[Runs, str]:
    """Return the runs of a WebVTT cue without its references, and those settings that are such."""
    runs = ((_REFERENCE.sub(_character, part), look) for part, look in _read_runs(text, _VTT_TAG))
    return tuple(runs), " ".join(each for each in settings.split() if _SETTING.fullmatch(each))


def _read_runs(text: str, tags: re.Pattern[str]) -> Iterator[tuple[str, TextStyle]]:
    look, at = PLAIN, 0
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    for tag in tags.finditer(lines):
        if tag.start() > at:
            yield lines[at : tag.start()], look
        at = tag.end()
        if name := (tag["name"] or "").lower():
            is_on = not tag["end"]
            look = {
                "b": replace(look, bold=is_on),
                "i": replace(look, italic=is_on),
                "u": replace(look, underline=is_on),
            }[name]
    if at < len(lines):
        yield lines[at:], look


def _character(reference: re.Match[str]) -> str:
    return html.unescape(reference[0])
