"""`media redrive`: send again what waits in a stage's failure queues, and follow it."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from lib.adapters.aws.clients import client
from lib.adapters.aws.dynamodb_catalog import DynamoCatalog
from lib.adapters.aws.dynamodb_stream import DynamoStream
from lib.adapters.aws.failure_queues import AwsTargets, SqsLetters
from lib.application.reconcile.mend import mend_asset
from lib.application.redrive.letters import FailureQueue, Target, Verdict
from lib.application.redrive.outcome import Patience, follow
from lib.application.redrive.resend import Fate, Pace
from lib.application.redrive.run import Redriven, Stage, redrive, survey
from lib.application.redrive.selection import Found, Wanted
from lib.cli import options
from lib.cli.arguments import CommandError, parse_moment
from lib.cli.check import LOOKED_AT
from lib.cli.options import console
from lib.cli.progress import counted
from lib.cli.reconcile import open_stores
from lib.cli.redrive_tables import Ended, found_json, found_table, outcome_table
from lib.domain.errors import ErrorCode
from lib.tools.stack import SERVICE, Stack, use_stage

SLOWEST_RATE = 0.01
INTERRUPTED = 130
"""The exit code of what Ctrl-C ended, as shells have it."""

EXAMPLES = (
    "redrive --stage prod --dry-run",
    "redrive --stage prod --queue VideoDeadLetters --code EXHAUSTED --since 2h",
    "redrive --stage prod --yes --rate 2 --wait 3600",
    "redrive --stage prod --queue ImageDeadLetters --discard-poison",
)


def command(
    stage: options.Stage,
    queue: Annotated[
        list[FailureQueue] | None,
        typer.Option(
            metavar="NAME",
            help=f"Only this queue, may be repeated; without it all: {', '.join(FailureQueue)}.",
            case_sensitive=False,
        ),
    ] = None,
    code: Annotated[
        list[ErrorCode] | None,
        typer.Option(
            metavar="CODE",
            help="Only assets with this error, or whose last try ended so; may be repeated.",
            case_sensitive=False,
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Only what was sent there since: 2h, 3d, or a time."),
    ] = None,
    rate: Annotated[
        float, typer.Option(min=SLOWEST_RATE, help="Messages a second, at most.")
    ] = 10.0,
    wait: Annotated[
        float, typer.Option(min=0, help="Seconds to follow the assets; 0 looks once.")
    ] = 600.0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what waits, change nothing.")] = (
        False
    ),
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Don't ask; needed where no terminal is.")
    ] = False,
    discard_poison: Annotated[
        bool, typer.Option("--discard-poison", help="Delete messages that are none of ours.")
    ] = False,
    mend_lost: Annotated[
        bool,
        typer.Option(
            "--mend-lost",
            help="Where no stream holds the changes any more, repair what changed then.",
        ),
    ] = False,
    as_json: options.Json = False,
    region: options.Region = None,
) -> None:
    """Send again what waits in the failure queues, once its cause is mended.

    Shows what waits and asks, then sends, and follows the assets to their end.

    A message is deleted only after its sending was acknowledged: interrupt and
    repeat it as you like, the catalog knows what is done already.

    Exits with 1 where something could not be sent, or an asset failed again or
    did not come to an end in time.
    """
    wanted = Wanted(frozenset(code or ()), parse_moment(since, time.time()) if since else 0.0)
    deployed = _deployed(use_stage(stage, region))
    queues = list(dict.fromkeys(queue or FailureQueue))
    hidden = sum(deployed.letters[each].hidden() for each in queues)
    found = survey(deployed, queues, wanted)
    if not as_json:
        _show(found, hidden)
    may = {Verdict.SEND}
    may |= {Verdict.POISON} if discard_poison else set()
    may |= {Verdict.LOST} if mend_lost else set()
    chosen = [each for each in found if each.job.verdict in may]
    redriven = Redriven()
    ended: Mapping[str, Ended] = {}
    if chosen and not dry_run:
        _ask(chosen, rate, yes)
        _send(chosen, deployed, Pace(rate), redriven)
        ended = _follow(redriven, deployed, wait)
    if as_json:
        done = {each.job.letter.id: each for each in redriven.done}
        for each in found:
            print(found_json(each, done.get(each.job.letter.id), ended))
    elif redriven.done:
        console.print(outcome_table(redriven.done, list(ended.values())), soft_wrap=True)
    if len(redriven.done) < len(chosen) and not dry_run:
        raise typer.Exit(INTERRUPTED)
    if any(each.fate in (Fate.KEPT, Fate.MISSING) for each in redriven.done) or any(
        each.failed or (wait and not each.ended) for each in ended.values()
    ):
        raise typer.Exit(1)


def _deployed(stack: Stack) -> Stage:
    sqs = client("sqs")
    queues = {each: stack.output(each) for each in Target if each.is_queue}
    functions = f"{SERVICE}-{stack.stage}-"
    return Stage(
        {each: SqsLetters(sqs, stack.output(each)) for each in FailureQueue},
        DynamoStream(client("dynamodbstreams"), stack.catalog),
        AwsTargets(sqs, client("lambda"), queues, functions),
        DynamoCatalog(client("dynamodb"), stack.catalog),
        lambda identity: mend_asset(identity, open_stores(stack), LOOKED_AT),
    )


def _show(found: Sequence[Found], hidden: int) -> None:
    if found:
        console.print(found_table(found), soft_wrap=True)
    else:
        console.print("nothing waits")
    if hidden:
        console.print(f"{hidden} more are in the hands of somebody: they return within minutes")


def _ask(chosen: Sequence[Found], rate: float, yes: bool) -> None:
    """Ask whether to go on, and end the command where not. Raises CommandError."""
    of = Counter(each.job.verdict for each in chosen)
    parts = [f"send {of[Verdict.SEND]} again, {rate:g} a second"] if of[Verdict.SEND] else []
    parts += [f"repair what {of[Verdict.LOST]} are about"] if of[Verdict.LOST] else []
    parts += [f"delete {of[Verdict.POISON]} for good"] if of[Verdict.POISON] else []
    question = " and ".join(parts)
    if yes:
        return
    if not sys.stdin.isatty():
        raise CommandError(f"nothing was done: --yes, without a terminal to ask on, to {question}")
    if not typer.confirm(f"{question[0].upper()}{question[1:]}?", err=True):
        raise typer.Exit(0)


def _send(chosen: Sequence[Found], deployed: Stage, pace: Pace, redriven: Redriven) -> None:
    """Carry out all; where it is interrupted, what was done is in `redriven`."""
    with counted("done", len(chosen)) as say:
        try:
            redrive(chosen, deployed, pace, redriven, lambda: say(len(redriven.done)))
        except KeyboardInterrupt:
            left = len(chosen) - len(redriven.done)
            print(f"media: interrupted: {left} still wait where they were", file=sys.stderr)


def _follow(redriven: Redriven, deployed: Stage, wait: float) -> Mapping[str, Ended]:
    """Return how each asset is at the end; where it is interrupted, how it is then."""
    watched = redriven.watched
    if not watched:
        return {}
    with counted("ended", len(watched)) as say:
        try:
            latest = follow(watched, deployed.catalog, Patience(wait), say)
        except KeyboardInterrupt:
            latest = follow(watched, deployed.catalog, Patience(0), say)
    return {identity: Ended(each, latest[identity]) for identity, each in watched.items()}
