"""Follow uploads through the catalog until nothing more happens to them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table

from lib.cli.printable import as_markup
from lib.cli.tables import describe_status
from lib.cli.upload import Upload
from lib.domain.asset import Asset
from lib.domain.clock import from_iso
from lib.domain.ports import Catalog

POLL_SECONDS = 0.2
REFRESHES_PER_SECOND = 10


@dataclass(frozen=True, slots=True)
class Followed:
    """An upload and what the catalog says of it; None until it was received."""

    upload: Upload
    asset: Asset | None = None

    @property
    def finished(self) -> bool:
        """Tell whether it, or a newer upload of the same key, is in a terminal state."""
        return self.asset is not None and self.asset.status.terminal

    @property
    def seconds(self) -> float:
        """Return how long it took from the upload's end, or how long it takes already."""
        ended = from_iso(self.asset.updated_at) if self.asset and self.finished else time.time()
        # Two machines' clocks may differ.
        return max(0.0, ended - self.upload.sent_at)


def follow(
    uploads: Sequence[Upload], catalog: Catalog, console: Console, patience: float
) -> list[Followed]:
    """Show every upload's state until all are terminal, or nothing changed for `patience` s.

    On a terminal as a live table, else as a line for each change.
    """
    followed = [Followed(upload) for upload in uploads]
    changed_at = time.monotonic()
    with Live(console=console, refresh_per_second=REFRESHES_PER_SECOND, transient=True) as live:
        while not all(each.finished for each in followed):
            if time.monotonic() - changed_at > patience:
                break
            latest = [_look_again(each, catalog) for each in followed]
            for before, after in zip(followed, latest, strict=True):
                if after.asset and (before.asset is None or before.asset != after.asset):
                    changed_at = time.monotonic()
                    if not console.is_interactive:
                        _print_line(after, console)
            followed = latest
            live.update(_live_table(followed))
            time.sleep(POLL_SECONDS)
    return followed


def _look_again(each: Followed, catalog: Catalog) -> Followed:
    if each.finished:
        return each
    asset = catalog.get(each.upload.asset_id)
    # An entry of the version before this upload says nothing about this upload.
    if asset is None or asset.source.version_id == each.upload.version_before:
        return each
    return Followed(each.upload, asset)


def _print_line(each: Followed, console: Console) -> None:
    if each.asset:
        state = f"{each.seconds:6.1f} s  {describe_status(each.asset.status)}"
        line = f"{state}{_percent(each.asset)}  {as_markup(each.upload.key)}"
        console.print(line, emoji=False, highlight=False, soft_wrap=True)


def _percent(asset: Asset | None) -> str:
    """Return how far a video is, where it says."""
    return f" {asset.progress} %" if asset and asset.progress is not None else ""


def _live_table(followed: Sequence[Followed]) -> Table:
    table = Table(box=None, pad_edge=False)
    for each in followed:
        status = each.asset.status if each.asset else None
        table.add_row(
            describe_status(status) if each.finished and status else _SPINNER,
            as_markup(each.upload.key),
            "" if each.finished else f"[dim]{_state(each.asset)}[/dim]",
            f"{each.seconds:.1f} s",
        )
    return table


def _state(asset: Asset | None) -> str:
    return f"{asset.status.lower()}{_percent(asset)}" if asset else "uploaded"


_SPINNER = Spinner("dots", style="cyan")
