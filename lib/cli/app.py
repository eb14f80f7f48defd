"""The commands; what they do lies beside this file. A parameter of a function is an option."""

from __future__ import annotations

import heapq
import json
import math
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from lib.adapters.aws.clients import client
from lib.adapters.aws.dynamodb_catalog import DynamoCatalog
from lib.adapters.aws.s3 import S3Sources
from lib.cli import check, reconcile, redrive, sign, webhook
from lib.cli.arguments import CommandError, name_keys, require_unicode
from lib.cli.html import element
from lib.cli.lookup import find_asset
from lib.cli.options import Json, Region, Stage, console, examples
from lib.cli.printable import as_markup, printable
from lib.cli.render import render_files
from lib.cli.tables import asset_json, asset_panel, asset_table, describe_failure, describe_status
from lib.cli.upload import Destination, send
from lib.cli.watch import follow
from lib.domain.asset import AssetStatus
from lib.tools.stack import Stack, use_stage

app = typer.Typer(
    help="Upload media to a stage and look at what became of it, or render it right here.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _catalog(stack: Stack) -> DynamoCatalog:
    return DynamoCatalog(client("dynamodb"), stack.catalog)


@app.command(
    epilog=examples(
        "upload photo.jpg clip.mov --stage local --watch",
        "upload *.jpg --stage dev --prefix albums/2026 --preset default",
    )
)
def upload(
    files: Annotated[list[Path], typer.Argument(help="Images, videos, sound.")],
    stage: Stage,
    prefix: Annotated[str, typer.Option(help="Put before each file's name to make its key.")] = "",
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="Wait for the outcome; exit 1 unless all READY.")
    ] = False,
    preset: Annotated[
        str | None, typer.Option(help="A preset of the stage, in place of what its rules say.")
    ] = None,
    region: Region = None,
) -> None:
    """Upload FILES; a file's key is its name, below the prefix."""
    keyed = name_keys(files, prefix)
    stack = use_stage(stage, region)
    catalog = _catalog(stack)
    uploads = send(keyed, Destination(client("s3"), stack.uploads, catalog), console, preset)
    if not watch:
        return
    followed = follow(uploads, catalog, console, patience=math.inf)
    assets = [each.asset for each in followed if each.asset]
    console.print(asset_table(assets), soft_wrap=True)
    if any(asset.status is not AssetStatus.READY for asset in assets):
        raise typer.Exit(1)


@app.command(
    "ls",
    epilog=examples(
        "ls --stage local",
        "ls --stage dev --status rejected --limit 20",
        "ls --stage dev --json | head -1",
    ),
)
def list_assets(
    stage: Stage,
    status: Annotated[
        AssetStatus | None,
        typer.Option(help="Only this status; without it all but DELETED.", case_sensitive=False),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many, the newest first.")] = 100,
    as_json: Json = False,
    region: Region = None,
) -> None:
    """List the stage's assets, last changed first."""
    catalog = _catalog(use_stage(stage, region))
    wanted = [status] if status else [each for each in AssetStatus if each != AssetStatus.DELETED]
    newest = heapq.merge(
        *map(catalog.by_status, wanted), key=lambda asset: asset.updated_at, reverse=True
    )
    assets = list(islice(newest, limit))
    more = not as_json and next(newest, None) is not None
    if as_json:
        for asset in assets:
            print(asset_json(asset))
    elif assets:
        console.print(asset_table(assets), soft_wrap=True)
        if more:
            console.print(f"there are more: --limit {10 * limit} shows so many")
    else:
        console.print("no assets")


@app.command(
    epilog=examples(
        "show photo.jpg --stage local",
        "show cd85a52be677155d750fcb37ac566d16 --stage dev --json",
        "show photo.jpg --stage dev --html --base-url https://media.example.com",
    )
)
def show(
    asset: Annotated[str, typer.Argument(help="An asset's id or key.")],
    stage: Stage,
    as_json: Json = False,
    as_html: Annotated[
        bool, typer.Option("--html", help="Print the <picture> or <video> element for a page.")
    ] = False,
    base_url: Annotated[
        str,
        typer.Option(help="Where the renditions are served, for --html; without it by the stage."),
    ] = "",
    region: Region = None,
) -> None:
    """Show one asset: its state, what was read from it, its renditions."""
    stack = use_stage(stage, region)
    found = find_asset(asset, _catalog(stack), stack)
    if as_html:
        print(element(found, base_url or stack.outputs.get("RenditionsUrl", "")))
    elif as_json:
        print(asset_json(found))
    else:
        console.print(asset_panel(found), soft_wrap=True)


@app.command("rm", epilog=examples("rm photo.jpg albums/2026/clip.mov --stage local"))
def remove(
    keys: Annotated[list[str], typer.Argument(help="Keys in the uploads bucket.")],
    stage: Stage,
    region: Region = None,
) -> None:
    """Remove uploads; their renditions follow. S3 keeps the old version for a while."""
    for key in keys:
        require_unicode(key)
    stack = use_stage(stage, region)
    s3 = client("s3")
    sources = S3Sources(s3)
    for key in keys:
        if sources.current_version(stack.uploads, key) is None:
            raise CommandError(f"no upload has the key {key} in stage {stage}")
    for key in keys:
        s3.delete_object(Bucket=stack.uploads, Key=key)
        console.print(f"removed {printable(key)}", markup=False, highlight=False, soft_wrap=True)


@app.command(
    epilog=examples(
        "render photo.jpg --out /tmp/renditions",
        "render *.jpg --out /tmp/renditions --preset default --json",
    )
)
def render(
    files: Annotated[list[Path], typer.Argument(help="Images, videos, sound.")],
    out: Annotated[Path, typer.Option(help="Where the renditions go.", show_default=False)],
    preset: Annotated[str | None, typer.Option(help="A preset of presets.toml.")] = None,
    as_json: Json = False,
) -> None:
    """Run the pipeline's own jobs on FILES here, without a stack, to try presets.

    Exits with 0 if every file reached a terminal state.
    """
    finished = True
    for rendered in render_files(files, out, preset):
        finished = finished and rendered.status.terminal
        if as_json:
            print(json.dumps(asdict(rendered), default=str), flush=True)
            continue
        outcome = f"{describe_status(rendered.status)}  {describe_failure(rendered.error)}"
        console.print(f"{as_markup(rendered.file)}  {outcome}", highlight=False, soft_wrap=True)
        if rendered.folder:
            folder = f"  {printable(rendered.folder)}"
            console.print(folder, markup=False, highlight=False, soft_wrap=True)
        for warning in rendered.manifest["warnings"] if rendered.manifest else ():
            told = f"  {warning['code']}: {printable(warning['message'])}"
            console.print(told, markup=False, highlight=False, soft_wrap=True)
    if not finished:
        raise typer.Exit(1)


app.command("redrive", epilog=examples(*redrive.EXAMPLES))(redrive.command)
app.command("reconcile", epilog=examples(*reconcile.EXAMPLES))(reconcile.command)
app.command("sign", epilog=examples(*sign.EXAMPLES))(sign.command)
app.command("check", epilog=examples(*check.CHECKS))(check.check)
app.command("repair", epilog=examples(*check.REPAIRS))(check.repair)
app.add_typer(webhook.app, name="webhook")
