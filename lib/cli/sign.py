"""`media sign`: let somebody see one asset for a while, where the CDN serves signed requests."""

from __future__ import annotations

import json
import time
from functools import partial
from typing import Annotated
from urllib.parse import quote

import typer

from lib.adapters.aws.clients import client
from lib.adapters.aws.dynamodb_catalog import DynamoCatalog
from lib.adapters.aws.ssm import read_secret
from lib.adapters.rsa import signer
from lib.application.doors.deliver import Wanted, choose
from lib.application.doors.grant import DEFAULT_SECONDS, LONGEST_SECONDS, Granter
from lib.cli.arguments import CommandError
from lib.cli.lookup import find_asset
from lib.cli.options import Json, Region, Stage, console
from lib.cli.printable import printable
from lib.tools.stack import Stack, use_stage

EXAMPLES = (
    "sign photo.jpg --stage dev",
    "sign albums/2026/clip.mov --stage prod --seconds 600 --json",
)


def command(
    asset: Annotated[str, typer.Argument(help="An asset's id or key.")],
    stage: Stage,
    seconds: Annotated[
        int, typer.Option(min=1, max=LONGEST_SECONDS, help="For how long.")
    ] = DEFAULT_SECONDS,
    as_json: Json = False,
    region: Region = None,
) -> None:
    """Print an address that opens ASSET for a while, without it not; --json the cookies too."""
    stack = use_stage(stage, region)
    found = find_asset(asset, DynamoCatalog(client("dynamodb"), stack.catalog), stack)
    grant = _granter(stack).grant(found.asset_id, seconds)
    key = choose([each for each in found.renditions if each.key], Wanted())
    if as_json:
        print(json.dumps(grant.to_values()))
        return
    if key is None:
        raise CommandError(f"{found.source.key} has no renditions yet: --json prints the grant")
    address = f"{stack.output('RenditionsUrl')}/{quote(key)}{grant.query}"
    console.print(printable(address), markup=False, highlight=False, soft_wrap=True)


def _granter(stack: Stack) -> Granter:
    """Return who grants for a stage. Raises CommandError where everybody may see everything."""
    if "DeliveryKeyPairId" not in stack.outputs:
        raise CommandError(
            f"stage {stack.stage} serves no signed requests: they need the params delivery and "
            "deliveryAuth: signed"
        )
    read = partial(read_secret, client("ssm"), stack.output("DeliveryPrivateKey"))
    return Granter(
        stack.output("RenditionsUrl"), stack.output("DeliveryKeyPairId"), signer(read), time.time
    )
