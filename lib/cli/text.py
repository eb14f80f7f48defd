"""Say things about assets, for people and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict

from rich.console import Group
from rich.markup import escape
from rich.table import Table

from lib.model import Asset, AssetStatus, Failure, Rendition

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
    return escape(f"{failure.code}: {failure.message}") if failure else ""


def made(asset: Asset) -> list[Rendition]:
    """Return the renditions that exist."""
    return [each for each in asset.renditions if each.key]


def asset_json(asset: Asset) -> str:
    """Return a catalogue entry as one line of JSON."""
    return json.dumps(asdict(asset), ensure_ascii=False)


def asset_table(assets: Sequence[Asset]) -> Group:
    """Return what `media ls` prints: one row an asset, and the reasons for what was refused."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("key", overflow="fold")
    for heading in ("type", "status", "updated"):
        table.add_column(heading, no_wrap=True)
    for heading in ("size", "renditions"):
        table.add_column(heading, justify="right", no_wrap=True)
    for asset in assets:
        table.add_row(
            escape(asset.source.key),
            asset.media_type,
            describe_status(asset.status),
            asset.updated_at[:19].replace("T", " "),
            describe_bytes(asset.source.size),
            str(len(made(asset)) or ""),
        )
    return with_reasons(table, assets)


def with_reasons(table: Table, assets: Iterable[Asset]) -> Group:
    """Return a table and below it the reasons, which would squeeze its columns."""
    reasons = Table.grid(padding=(0, 2))
    for asset in assets:
        if asset.error:
            reasons.add_row(escape(asset.source.key), describe_failure(asset.error))
    return Group(table, "", reasons) if reasons.row_count else Group(table)


def asset_panel(asset: Asset) -> Group:
    """Return what `media show` prints: what is known of the asset, then its renditions."""
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim")
    facts.add_column(overflow="fold")
    probe = {name: value for name, value in asdict(asset.probe).items() if value is not None}
    for name, value in {
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
    }.items():
        if value != "":
            facts.add_row(name, escape(str(value)))
    facts.add_row("status", describe_status(asset.status))
    if asset.error:
        facts.add_row("reason", describe_failure(asset.error))
    return Group(facts, *([_rendition_table(asset)] if asset.renditions else []))


def _rendition_table(asset: Asset) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("rendition", "size", "px", "outcome"):
        table.add_column(heading, justify="right" if heading in ("size", "px") else "left")
    for each in asset.renditions:
        table.add_row(
            each.name,
            describe_bytes(each.bytes) if each.bytes is not None else "",
            f"{each.width} × {each.height}" if each.width else "",
            describe_failure(each.error) if each.error else "made",
        )
    return table
