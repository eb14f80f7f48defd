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


def hides(character: str) -> bool:
    """Tell whether a character does something else than to be drawn.

    True for ESC and all other controls (C0, C1), bidi overrides and isolates, zero-width
    characters, line separators, spaces that are not U+0020, surrogates, private and unassigned
    characters.
    """
    return not character.isprintable() or ord(character) in SHOWS_NOTHING


def shown(text: object) -> str:
    r"""Return a text on one line, with `\x1b` or `\u202e` in place of what hides."""
    return "".join(map(_spelled, str(text)))


def shown_lines(text: object) -> str:
    """Return a text of several lines, each as `shown`."""
    return "\n".join(map(shown, str(text).split("\n")))


def one_line(text: object) -> str:
    """Return a message on one line, its line breaks as spaces and the rest as `shown`."""
    return shown(LINE_SPACE.sub(" ", str(text)).strip())


def marked(text: object) -> str:
    """Return `shown`, as rich markup that stands for itself."""
    return escape(shown(text))


class ShownFormatter(logging.Formatter):
    """Log lines, tracebacks too, as `shown_lines`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return what is written of a record."""
        return shown_lines(super().format(record))


def _spelled(character: str) -> str:
    if not hides(character):
        return character
    number = ord(character)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
