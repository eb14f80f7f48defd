"""Show what strangers wrote as text, so that it can't drive a terminal or pose as another text."""

from __future__ import annotations

import logging
import re

from rich.markup import escape

SHOWS_NOTHING = frozenset(
    (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0)  # joiner, fillers, inherent vowels
) | frozenset((*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))
"""Letters and marks that are drawn as nothing: Unicode's Default_Ignorable_Code_Point, without what
`str.isprintable` refuses anyway (https://www.unicode.org/reports/tr44/)."""

LINE_SPACE = re.compile(r"[ \t\r\n]+")


def is_hidden(character: str) -> bool:
    """Tell whether a character does something else than to be drawn.

    True for ESC and all other controls (C0, C1), bidi overrides and isolates, zero-width
    characters, line separators, spaces that are not U+0020, surrogates, private and unassigned
    characters.
    """
    return not character.isprintable() or ord(character) in SHOWS_NOTHING


def printable(text: object) -> str:
    r"""Return a text on one line, with `\x1b` or `\u202e` in place of what is_hidden."""
    return "".join(map(_escaped, str(text)))


def printable_lines(text: object) -> str:
    """Return a text of several lines, each as `shown`."""
    return "\n".join(map(printable, str(text).split("\n")))


def printable_line(text: object) -> str:
    """Return a message on one line, its line breaks as spaces and the rest as `shown`."""
    return printable(LINE_SPACE.sub(" ", str(text)).strip())


def as_markup(text: object) -> str:
    """Return `shown`, as rich markup that stands for itself."""
    return escape(printable(text))


class PrintableFormatter(logging.Formatter):
    """Log lines, tracebacks too, as `printable_lines`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return what is written of a record."""
        return printable_lines(super().format(record))


def _escaped(character: str) -> str:
    if not is_hidden(character):
        return character
    number = ord(character)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
