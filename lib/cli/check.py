"""`media check` and `media repair`: what is wrong with one asset, and make it good."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Group
from rich.text import Text

from lib.application.make_again import make_again
from lib.application.reconcile.findings import MENDED_BY, Ages, Finding, Kind, live_sizes
from lib.application.reconcile.mend import examine, mend
from lib.application.reconcile.parts import parts_of
from lib.application.reconcile.stores import Stores
from lib.cli.arguments import CommandError, require_unicode
from lib.cli.options import Region, Stage, console
from lib.cli.printable import as_markup
from lib.cli.reconcile import WAITS, open_stores, progress
from lib.cli.tables import columns, describe_failure, describe_status
from lib.domain.asset import Asset
from lib.domain.clock import DAY_SECONDS
from lib.domain.events import Source
from lib.domain.keys import asset_id
from lib.tools.stack import use_stage

Key = Annotated[str, typer.Argument(help="A key in the uploads bucket, or an asset's id.")]

CHECKS = ("check photo.jpg --stage dev", "check albums/2026/clip.mov --stage prod")
REPAIRS = ("repair photo.jpg --stage dev", "repair photo.jpg --stage dev --again")

LOOKED_AT = Ages(orphan=DAY_SECONDS, receipt=WAITS * 3600, lease=3600)
ASKED_FOR = Ages(orphan=DAY_SECONDS, receipt=0, lease=0)
"""Who asks for a repair does not want to wait until an upload counts as stuck."""


def check(key: Key, stage: Stage, region: Region = None) -> None:
    """Say what is wrong with one asset: upload, entry, live renditions, leftovers.

    Exits with 1 if something is.
    """
    require_unicode(key)
    stack = use_stage(stage, region)
    stores = open_stores(stack)
    asset, source = find(key, stack.uploads, stores)
    findings = examine(asset, source, stores, LOOKED_AT)
    console.print(facts(asset, source, findings, stores), soft_wrap=True)
    if findings:
        raise typer.Exit(1)


def repair(
    key: Key,
    stage: Stage,
    again: Annotated[
        bool, typer.Option("--again", help="Make its renditions again, whatever is there.")
    ] = False,
    region: Region = None,
) -> None:
    """Make good what is wrong with one asset. Its URLs stay where the upload is the same.

    Exits with 1 if something is left that can't be made good.
    """
    require_unicode(key)
    stack = use_stage(stage, region)
    stores = open_stores(stack)
    asset, source = find(key, stack.uploads, stores)
    findings = examine(asset, source, stores, ASKED_FOR)
    for each in findings:
        done = mend(each, stores, ASKED_FOR)
        said = MENDED_BY[each.kind] if done else "nothing can be done"
        console.print(f"{each.kind}: {as_markup(each.detail)}: {said}", soft_wrap=True)
        if not done:
            raise typer.Exit(1)
    if any(each.kind is not Kind.ORPHANS for each in findings):
        return  # it is being made already, or gone
    if findings and not again:
        return
    if not again:
        console.print("nothing is wrong; --again makes its renditions again")
        return
    if asset is None or not make_again(asset, stores):
        progress.print("it can't be made again: its upload is gone, not supported, or changes now")
        raise typer.Exit(1)
    console.print("its renditions are made again")


def find(key: str, bucket: str, stores: Stores) -> tuple[Asset | None, Source]:
    """Return an asset's entry, and its bucket and key; by its id first, as `media show`.

    Raises CommandError where there is neither an entry nor an upload.
    """
    asset = (key and stores.catalog.get(key)) or stores.catalog.get(asset_id(bucket, key))
    if asset:
        return asset, asset.source
    if not key or stores.sources.current_version(bucket, key) is None:
        raise CommandError(f"neither an upload nor an asset has the key or id {key}")
    return None, Source(bucket, key, "", "", 0)


def facts(
    asset: Asset | None, source: Source, findings: Sequence[Finding], stores: Stores
) -> Group:
    """Return what is there of an asset, and what is wrong with it."""
    current = stores.sources.current_version(source.bucket, source.key)
    rows = [("[dim]upload[/dim]", as_markup(current.version_id) if current else "none")]
    if asset is None:
        rows.append(("[dim]entry[/dim]", "none"))
    else:
        state = f"{describe_status(asset.status)} {describe_failure(asset.error)}".rstrip()
        rows.append(("[dim]entry[/dim]", f"{state} since {as_markup(asset.updated_at)}"))
        listed = (*live_sizes(asset), *parts_of(asset, stores.renditions))
        stored = {each.key for each in stores.folders.folder(asset.asset_id).objects}
        there = sum(key in stored for key in listed)
        rows.append(("[dim]live[/dim]", f"{there} of {len(listed)} objects stored"))
    wrong = [
        Text.from_markup(f"{each.kind}: {as_markup(each.detail)}", emoji=False) for each in findings
    ]
    return Group(*columns(rows), Text(), *(wrong or [Text("nothing is wrong")]))
