"""Show what strangers wrote as text, so that it can't drive a terminal or pose as another text."""

from __future__ import annotations

import logging
import re

from rich.markup import escape

from lib.domain.characters import is_hidden

LINE_SPACE = re.compile(r"[ \t\r\n]+")


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
