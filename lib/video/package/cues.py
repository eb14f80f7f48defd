"""Read subtitles as ffmpeg decodes them: ASS events in a Matroska file, each with its time in ms.

Such an event is one line, whatever is in it, so that no text can pass for structure. The format:
http://www.tcax.org/docs/ass-specs.htm and RFC 9559, section 5.1.3.5.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from lib.video.probe.matroska import (
    BLOCK,
    BLOCK_GROUP,
    CLUSTER,
    SEGMENT,
    TIMESTAMP,
    TRACK,
    TRACKS,
    find_element,
    read_children,
    read_unsigned,
)

CODEC_PRIVATE, BLOCK_DURATION = 0x63A2, 0x9B
BLOCK_HEADER = 4
EVENT_FIELDS = 8
"""Before the text of an event: ReadOrder, Layer, Style, Name, three margins, Effect."""
STYLE = 2
BOLD_WEIGHT = 600


@dataclass(frozen=True, slots=True)
class TextStyle:
    """How a run of text is shown; `drawn` is no text at all, but the outline of a drawing."""

    bold: bool = False
    italic: bool = False
    underline: bool = False
    drawn: bool = False


@dataclass(frozen=True, slots=True)
class Cue:
    """When a text is shown, in ms, and its runs, each with its look; line feeds end its lines."""

    start_ms: int
    end_ms: int
    runs: tuple[tuple[str, TextStyle], ...]


def read_cues(content: bytes) -> Iterator[Cue]:
    """Yield the cues of a Matroska file with one track of ASS, in the order of the file."""
    segment = find_element(content, SEGMENT)
    private = find_element(find_element(find_element(segment, TRACKS), TRACK), CODEC_PRIVATE)
    styles = read_styles(private.decode("utf-8", "replace"))
    for cluster in read_children(segment, CLUSTER):
        base_ms = read_unsigned(find_element(cluster, TIMESTAMP))
        for group in read_children(cluster, BLOCK_GROUP):
            block = find_element(group, BLOCK)
            start_ms = base_ms + int.from_bytes(block[1:3], signed=True)
            lasts_ms = read_unsigned(find_element(group, BLOCK_DURATION))
            event = block[BLOCK_HEADER:].decode("utf-8", "replace").split(",", EVENT_FIELDS)
            if len(event) > EVENT_FIELDS:
                look = styles.get(event[STYLE], TextStyle())
                runs = tuple(read_runs(event[EVENT_FIELDS], look, styles))
                yield Cue(start_ms, start_ms + lasts_ms, runs)


def read_styles(header: str) -> dict[str, TextStyle]:
    """Return the looks that an ASS header names."""
    names: list[str] = []
    styles: dict[str, TextStyle] = {}
    for line in header.splitlines():
        kind, _, values = line.partition(":")
        fields = [each.strip() for each in values.split(",")]
        if kind == "Format" and "Bold" in fields:
            names = fields
        elif kind == "Style" and names:
            style = dict(zip(names, fields, strict=False))
            bold, italic, underline = (
                style.get(name, "0") not in ("", "0") for name in ("Bold", "Italic", "Underline")
            )
            styles[style.get("Name", "")] = TextStyle(bold, italic, underline)
    return styles


_OVERRIDE = re.compile(r"\{(\\[^}]*)\}")
_TAG = re.compile(r"\\(?:(?P<name>[biup])(?P<value>\d+)?(?![a-z])|r(?P<style>[^\\]*))")
_ESCAPED = re.compile(r"\\([Nnh{}])|\\\u2060")
_ESCAPES = {"N": "\n", "n": "\n", "h": "\u00a0", "{": "{", "}": "}"}


def read_runs(
    text: str, usual: TextStyle, styles: Mapping[str, TextStyle]
) -> Iterator[tuple[str, TextStyle]]:
    """Yield the runs of an event's text and how each looks; what it does not know it leaves out."""
    look = usual
    for number, part in enumerate(_OVERRIDE.split(text)):
        if number % 2:
            look = _turn(part, look, usual, styles)
        elif part and not look.drawn:
            yield _ESCAPED.sub(lambda found: _ESCAPES.get(found[1], "\\"), part), look


def _turn(
    tags: str, look: TextStyle, usual: TextStyle, styles: Mapping[str, TextStyle]
) -> TextStyle:
    """Return a look after the tags of one override block."""
    for tag in _TAG.finditer(tags):
        value = int((tag["value"] or "0")[:9])
        match tag["name"]:
            case "b":
                bold = value == 1 or value >= BOLD_WEIGHT
                look = replace(look, bold=bold if tag["value"] else usual.bold)
            case "i":
                look = replace(look, italic=bool(value) if tag["value"] else usual.italic)
            case "u":
                look = replace(look, underline=bool(value) if tag["value"] else usual.underline)
            case "p":
                look = replace(look, drawn=value > 0)
            case _:
                look = styles.get(tag["style"].strip(), usual)
    return look
