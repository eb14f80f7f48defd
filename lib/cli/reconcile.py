"""`media reconcile`: compare a stage's buckets with its catalog, show it, make it good."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Annotated

import typer
from rich.console import Console, Group
from rich.text import Text

from lib.adapters.aws.clients import client
from lib.adapters.aws.s3_inventory import InventoryError, InventoryUploads
from lib.application.reconcile.findings import MENDED_BY, Ages, Finding, Kind
from lib.application.reconcile.mend import Mended, mend_all, mend_asset
from lib.application.reconcile.stores import Stores
from lib.application.reconcile.survey import FULL, Position, survey
from lib.cli.arguments import CommandError
from lib.cli.options import Json, Region, Stage, console
from lib.cli.printable import as_markup
from lib.cli.tables import bold, columns, describe_bytes
from lib.entrypoints.bootstrap.reconcile import make_stores
from lib.tools.stack import Stack, use_stage

EXAMPLES = (
    "reconcile --stage prod",
    "reconcile --stage prod --apply",
    "reconcile --stage prod --json --older-than 7d",
)

SHOWN = 100
"""Findings in the table; `--json` prints all."""

UNASKED = 100
"""Assets of which renditions are deleted without a question, as the function does."""

WAITS = 12
"""How much longer an upload may wait for its turn: as serverless.yml has it, 12 h and 1 h."""

INTERRUPTED = 130
"""Exit code of what was stopped by Ctrl-C, as shells have it: 128 + SIGINT."""

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}

progress = Console(stderr=True, emoji=False, highlight=False)


def seconds_of(age: str) -> float:
    """Return the seconds of `90s`, `15m`, `12h` or `1d`. Raises CommandError."""
    found = re.fullmatch(r"(\d+)([smhd])", age)
    if not found:
        raise CommandError(f"expected an age such as 12h or 1d but received {age}")
    return int(found[1]) * UNITS[found[2]]


def open_stores(stack: Stack) -> Stores:
    """Return what is compared of a stage."""
    topic = stack.output("MediaTopic")
    return make_stores(stack.uploads, stack.renditions, stack.catalog, topic)


@dataclass
class Run:
    """What a command found until now, each once, and how far it is."""

    apply: bool
    as_json: bool
    position: Position | None
    looked: int = 0
    mended: int = 0
    failed: int = 0
    """What AWS refused to have made good."""
    found: dict[tuple[str, str], Finding] = field(default_factory=dict)

    @property
    def deleting(self) -> list[str]:
        """Return the assets of which renditions would be deleted."""
        deletes = (each.asset_id for each in self.found.values() if each.kind.deletes)
        return list(dict.fromkeys(deletes))

    def survey(self, stores: Stores, ages: Ages) -> None:
        """Go through the stage; make good at once what deletes nothing, where it is to be."""
        with progress.status("looking") as status:
            while self.position:
                phase = self.position.phase
                step = survey(self.position, stores, ages, FULL)
                new = list(filter(self._is_new, step.findings))
                if self.as_json:
                    for each in new:
                        print(finding_json(each), flush=True)
                if self.apply:
                    others = [each for each in new if not each.kind.deletes]
                    done = Counter(mend_all(others, stores, ages))
                    self.mended += done[Mended.MENDED]
                    self.failed += done[Mended.FAILED]
                self.looked += step.looked
                said = f"{phase}: {self.looked} looked at, {len(self.found)} found"
                status.update(said)
                if step.position is None or step.position.phase is not phase:
                    progress.print(said)
                    self.looked = 0
                self.position = step.position

    def _is_new(self, finding: Finding) -> bool:
        known = (str(finding.kind), finding.asset_id)
        if known in self.found:
            return False
        self.found[known] = finding
        return True


def command(
    stage: Stage,
    apply: Annotated[
        bool, typer.Option("--apply", help="Make good what is found; without it only look.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Delete without a question, however much it is.")
    ] = False,
    older_than: Annotated[
        str, typer.Option(help="Objects that nothing refers to are left alone until this age.")
    ] = "1d",
    grace: Annotated[
        str, typer.Option(help="Uploads and work are left to their messages until this age.")
    ] = "1h",
    inventory: Annotated[
        str | None,
        typer.Option(help="s3://…/manifest.json of an S3 Inventory; without it S3 is listed."),
    ] = None,
    start: Annotated[
        str | None, typer.Option("--from", help="Where an interrupted run stopped, as it printed.")
    ] = None,
    as_json: Json = False,
    region: Region = None,
) -> None:
    """Compare the buckets with the catalog; with --apply, make good what does not agree.

    Uploads that the catalog does not know, assets that are stuck, renditions that are missing,
    objects that nothing refers to. Exits with 1 if something is wrong and was not made good.
    """
    due = seconds_of(grace)
    ages = Ages(seconds_of(older_than), receipt=WAITS * due, lease=due)
    try:
        position = Position.parse(start) if start else Position()
    except ValueError as exc:
        raise CommandError(str(exc)) from exc
    stack = use_stage(stage, region)
    stores = open_stores(stack)
    if inventory:
        stores = replace(stores, uploads=open_inventory(inventory, stack))
    run = Run(apply, as_json, position)
    try:
        run.survey(stores, ages)
    except KeyboardInterrupt:
        again = "what it would delete is found by a run from the start"
        progress.print(f"interrupted; --from {shlex.quote(str(run.position))} goes on, {again}")
        raise typer.Exit(INTERRUPTED) from None
    if not as_json:
        console.print(findings_table(list(run.found.values())), soft_wrap=True)
    if not run.found:
        return
    if not apply:
        progress.print("--apply makes it good")
        raise typer.Exit(1)
    if run.deleting and not (yes or may_delete(run.deleting)):
        progress.print(f"nothing was deleted of {len(run.deleting)} assets")
        raise typer.Exit(1)
    for identity in run.deleting:
        run.mended += mend_asset(identity, stores, ages)
    progress.print(f"made good: {run.mended}")
    if run.failed:
        progress.print(f"not made good: {run.failed}, which AWS refused; run it again")
    if run.failed or any(each.kind is Kind.LOST for each in run.found.values()):
        raise typer.Exit(1)


def open_inventory(manifest: str, stack: Stack) -> InventoryUploads:
    """Return the uploads by an inventory. Raises CommandError."""
    try:
        return InventoryUploads(client("s3"), manifest, stack.uploads)
    except InventoryError as exc:
        raise CommandError(str(exc)) from exc


def may_delete(assets: Sequence[str]) -> bool:
    """Ask before renditions of many assets are deleted; where nobody can answer, the answer is no.

    Who answers types how many, so that nobody says yes to a number that he has not read.
    """
    if len(assets) <= UNASKED:
        return True
    if not sys.stdin.isatty():
        progress.print(f"more than {UNASKED}: --yes deletes them")
        return False
    many = str(len(assets))
    asked = f"Renditions of {many} assets would be deleted. Type {many} to delete them"
    answer: str = typer.prompt(asked, default="", show_default=False, err=True)
    return answer.strip() == many


def finding_json(finding: Finding) -> str:
    """Return a finding as one line of JSON, in ASCII."""
    return json.dumps(asdict(finding))


def findings_table(findings: Sequence[Finding]) -> Group:
    """Return how much was found of each kind, and the first of them."""
    if not findings:
        return Group(Text("nothing is wrong"))
    shown = findings[:SHOWN]
    rows = [bold("found", "key", "what")]
    rows += [
        (
            each.kind,
            as_markup(each.source.key if each.source else f"{each.asset_id}/"),
            as_markup(each.detail + (f", {describe_bytes(each.size)}" if each.size else "")),
        )
        for each in shown
    ]
    sums = Counter(each.kind for each in findings)
    totals = [bold("", "how many", "what is done")]
    totals += [(kind, str(number), MENDED_BY[kind]) for kind, number in sorted(sums.items())]
    more = [Text(f"and {len(findings) - SHOWN} more: --json prints all")]
    return Group(
        *columns(rows), *(more if len(findings) > SHOWN else []), Text(), *columns(totals, (1,))
    )
