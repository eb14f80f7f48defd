"""Lay rows out in columns without ever cutting a cell: a terminal wraps what is longer than it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from rich.text import Text

GAP = "  "
WIDEST = 44
"""Cells are filled up to this many columns; a longer one moves the rest of its row."""


def columns(rows: Sequence[Sequence[str]], right: Collection[int] = ()) -> list[Text]:
    """Return a line for each row of cells, which are rich markup; `right` names numbers' columns.

    Print them with `soft_wrap=True`, or rich cuts them at the width that it believes in.
    """
    cells = [[Text.from_markup(cell, emoji=False) for cell in row] for row in rows]
    count = max(map(len, cells), default=0)
    widths = [
        min(max(row[index].cell_len for row in cells if index < len(row)), WIDEST)
        for index in range(count)
    ]
    return [_line(row, widths, right) for row in cells]


def _line(row: Sequence[Text], widths: Sequence[int], right: Collection[int]) -> Text:
    line = Text(no_wrap=True, overflow="ignore")
    for index, (cell, width) in enumerate(zip(row, widths, strict=False)):
        blank = " " * (width - cell.cell_len)
        line.append_text(Text(blank) + cell if index in right else cell + Text(blank))
        line.append(GAP)
    line.rstrip()
    return line
