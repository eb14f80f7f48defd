"""Which characters are drawn, and which do something else."""

from __future__ import annotations

SHOWS_NOTHING = frozenset(
    (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0)  # joiner, fillers, inherent vowels
) | frozenset((*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))
"""Letters and marks that are drawn as nothing: Unicode's Default_Ignorable_Code_Point, without what
`str.isprintable` refuses anyway (https://www.unicode.org/reports/tr44/)."""


def is_hidden(character: str) -> bool:
    """Tell whether a character does something else than to be drawn.

    True for ESC and all other controls (C0, C1), bidi overrides and isolates, zero-width
    characters, line separators, spaces that are not U+0020, surrogates, private and unassigned
    characters.
    """
    return not character.isprintable() or ord(character) in SHOWS_NOTHING
