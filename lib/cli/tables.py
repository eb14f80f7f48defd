"""Assets as tables and panels for people, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict

from rich.console import Group
from rich.text import Text

from lib.cli.printable import as_markup
from lib.domain.asset import Asset, AssetStatus, History
from lib.domain.errors import Failure
from lib.domain.renditions import Rendition
from lib.domain.serialized_probe import probe_to_values

GAP = "  "
WIDEST = 44
"""Cells are filled up to this many columns; a longer one moves the rest of its row."""

UNITS = (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3))
ROUNDS_UP = 0.9995
"""What three digits show as the next unit's 1."""

COLORS = {
    AssetStatus.READY: "green",
    AssetStatus.PARTIAL: "yellow",
    AssetStatus.FAILED: "red",
    AssetStatus.REJECTED: "red",
    AssetStatus.DELETED: "dim",
}


def describe_bytes(number: int) -> str:
    """Return `"831 B"`, `"12.3 kB"`, `"4.56 MB"`: three digits, in thousands."""
    for unit, scale in UNITS:
        if number >= scale * ROUNDS_UP:
            return f"{number / scale:.3g} {unit}"
    return f"{number} B"


def describe_status(status: AssetStatus) -> str:
    """Return a status in its colour, as rich markup."""
    color = COLORS.get(status, "cyan")
    return f"[{color}]{status}[/{color}]"


def describe_failure(failure: Failure | None) -> str:
    """Return `"CORRUPT_MEDIA: the file ends too early"`, as rich markup; nothing for None."""
    return as_markup(f"{failure.code}: {failure.message}") if failure else ""


def made(asset: Asset) -> list[Rendition]:
    """Return the renditions that exist."""
    return [each for each in asset.renditions if each.key]


def asset_json(asset: Asset) -> str:
    """Return a catalogue entry as one line of JSON, in ASCII."""
    return json.dumps(asdict(asset) | {"probe": probe_to_values(asset.probe)})


def asset_table(assets: Sequence[Asset]) -> Group:
    """Return what `media ls` prints: one row an asset, and the reasons for what was refused."""
    rows = [bold("key", "type", "status", "updated", "size", "renditions")]
    rows += [
        (
            as_markup(asset.source.key),
            asset.media_type,
            describe_status(asset.status),
            as_markup(asset.updated_at[:19].replace("T", " ")),
            describe_bytes(asset.source.size),
            str(len(made(asset)) or ""),
        )
        for asset in assets
    ]
    return with_reasons(columns(rows, right=(4, 5)), assets)


def bold(*headings: str) -> tuple[str, ...]:
    """Return the headings of a table, as rich markup."""
    return tuple(f"[bold]{heading}[/bold]" for heading in headings)


def with_reasons(lines: Sequence[Text], assets: Iterable[Asset]) -> Group:
    """Return a table and below it the reasons, which would be too long for a column."""
    reasons = [
        Text.from_markup(
            f"{as_markup(asset.source.key)}  {describe_failure(asset.error)}", emoji=False
        )
        for asset in assets
        if asset.error
    ]
    return Group(*lines, *([Text(), *reasons] if reasons else []))


def asset_panel(asset: Asset) -> Group:
    """Return what `media show` prints: what is known of the asset, then its renditions."""
    probe = {
        name: value
        for name, value in probe_to_values(asset.probe).items()
        if value not in (None, ()) and name != "warnings"
    }
    known = {
        "key": asset.source.key,
        "id": asset.asset_id,
        "type": f"{asset.media_type} ({asset.mime})",
        "size": describe_bytes(asset.source.size),
        "version": asset.source.version_id,
        "updated": asset.updated_at,
        "took": f"{asset.processed_ms} ms" if asset.processed_ms is not None else "",
        "attempts": asset.attempts,
        **{name.replace("_", " "): value for name, value in probe.items()},
        "placeholder": asset.placeholder.thumbhash if asset.placeholder else "",
        "color": asset.placeholder.color if asset.placeholder else "",
        "manifest": asset.manifest_key or "",
    }
    facts = [
        (f"[dim]{name}[/dim]", as_markup(value)) for name, value in known.items() if value != ""
    ]
    facts.append(("[dim]status[/dim]", describe_status(asset.status)))
    if asset.error:
        facts.append(("[dim]reason[/dim]", describe_failure(asset.error)))
    facts += [
        ("[dim]warning[/dim]", as_markup(f"{each.code}: {each.message}"))
        for each in asset.probe.warnings
    ]
    return Group(
        *columns(facts),
        *(_history_lines(asset.history) if asset.history.entries else []),
        *(_rendition_lines(asset) if asset.renditions else []),
    )


def _history_lines(history: History) -> list[Text]:
    rows = [bold("failed try", "code", "reason")]
    rows += [
        (as_markup(each.at), as_markup(each.failure.code), as_markup(each.failure.message))
        for each in history.entries
    ]
    return columns(rows)


def _rendition_lines(asset: Asset) -> list[Text]:
    rows = [bold("rendition", "size", "px", "outcome")]
    rows += [
        (
            as_markup(each.name),
            describe_bytes(each.bytes) if each.bytes is not None else "",
            f"{each.width} × {each.height}" if each.width else "",
            describe_failure(each.error) if each.error else "made",
        )
        for each in asset.renditions
    ]
    return columns(rows, right=(1, 2))


def columns(rows: Sequence[Sequence[str]], right: Collection[int] = ()) -> list[Text]:
    """Return a line for each row of cells, which are rich markup; `right` names numbers' columns.

    No cell is ever cut: a terminal wraps what is longer than it.

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
