"""`media webhook`: the secrets of a stage's webhook, a test of it, and its events once more."""

from __future__ import annotations

import json
import sys
import time
import uuid
from typing import Annotated, Any

import typer

from lib.adapters.aws.clients import client
from lib.adapters.aws.dynamodb_catalog import DynamoCatalog
from lib.adapters.aws.errors import translated
from lib.adapters.aws.sqs import SqsQueue
from lib.adapters.aws.webhook_secrets import SsmSecrets
from lib.adapters.webhook.secret import make_secret
from lib.application.doors.replay import replay as replay_events
from lib.cli.arguments import CommandError, parse_moment
from lib.cli.options import Region, Stage, console, examples
from lib.cli.printable import printable
from lib.domain.clock import to_iso
from lib.tools.stack import Stack, use_stage

app = typer.Typer(
    help="Make or change the secret of a stage's webhook, try it, send events once more.",
    no_args_is_help=True,
)


def _open(stage: str, region: str | None) -> Stack:
    stack = use_stage(stage, region)
    if "WebhookQueue" not in stack.outputs:
        deploy = f"npm run sls -- deploy --stage {stage} --param webhookUrl=https://…"
        raise CommandError(f"the stage {stage} has no webhook: {deploy}")
    return stack


def _secrets(stack: Stack) -> SsmSecrets:
    return SsmSecrets(client("ssm"), stack.output("WebhookSecret"))


@app.command("secret", epilog=examples("webhook secret --stage dev"))
def secret(stage: Stage, region: Region = None) -> None:
    """Print what the receiver verifies with, the newest first; make one where there is none."""
    secrets = _secrets(_open(stage, region))
    found = secrets.find()
    if not found:
        found = (make_secret(),)
        secrets.write(found)
    print("\n".join(found))


@app.command(
    "rotate",
    epilog=examples("webhook rotate --stage dev", "webhook rotate --stage dev --finish"),
)
def rotate(
    stage: Stage,
    finish: Annotated[
        bool, typer.Option("--finish", help="Sign with the newest secret alone from now on.")
    ] = False,
    region: Region = None,
) -> None:
    """Sign with a new secret besides the old one, and print it: give it to the receiver.

    When the receiver has it, --finish ends the old one. Workers notice within a minute.
    """
    secrets = _secrets(_open(stage, region))
    found = secrets.find()
    if finish:
        if len(found) < 2:
            console.print("there was nothing to finish: no older secret signs")
            return
        secrets.write(found[:1])
        console.print("the newest secret alone signs now")
        return
    if len(found) > 1:
        raise CommandError("two secrets sign already: --finish ends the older one first")
    new = make_secret()
    secrets.write((new, *found))
    print(new)
    if found:
        finishing = f"npm run -s media -- webhook rotate --stage {stage} --finish"
        print(f"both sign now; when the receiver has this one: {finishing}", file=sys.stderr)


@app.command("test", epilog=examples("webhook test --stage dev"))
def try_out(stage: Stage, region: Region = None) -> None:
    """Have the stage post an event of the type webhook.test, now, and print what came of it.

    Exits with 1 where the receiver did not take it.
    """
    stack = _open(stage, region)
    event = {
        "schema": 1,
        "id": f"evt_test_{uuid.uuid4().hex}",
        "type": "webhook.test",
        "updated_at": to_iso(time.time()),
    }
    found = _invoke(stack.output("WebhookFunction"), {"test": event})
    if not found["seconds"] and not _secrets(stack).find():
        make = f"npm run -s media -- webhook secret --stage {stage}"
        raise CommandError(f"nothing was posted, there is no secret yet: {make}")
    said = f"{event['id']}: {found['reply']}, after {found['seconds']} s"
    console.print(printable(said), markup=False, soft_wrap=True)
    if not found["taken"]:
        raise typer.Exit(1)


@app.command("replay", epilog=examples("webhook replay --stage dev --since 2d"))
def replay(
    stage: Stage,
    since: Annotated[
        str, typer.Option(metavar="TIME", help="What ended since: 2h, 3d, or a time.")
    ],
    region: Region = None,
) -> None:
    """Queue the event of each asset that has ended since a time: its newest, with the same id."""
    moment = to_iso(parse_moment(since, time.time()))
    stack = _open(stage, region)
    catalog = DynamoCatalog(client("dynamodb"), stack.catalog)
    queue = SqsQueue(client("sqs"), stack.output("WebhookQueue"))
    count = replay_events(catalog, moment, queue)
    console.print(f"{count} events queued")


def _invoke(function: str, payload: dict[str, Any]) -> dict[str, Any]:
    with translated():
        answer = client("lambda").invoke(FunctionName=function, Payload=json.dumps(payload))
        found = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise CommandError(f"{function} failed: {found.get('errorMessage')}")
    return dict(found)
