"""Schedule ▸ buckets and catalog compared, and made good where they do not agree."""

from functools import partial

from lib.adapters.aws.clients import client
from lib.adapters.aws.dynamodb_memory import DynamoMemory
from lib.adapters.telemetry import Context, Event, Telemetry
from lib.application.reconcile.rounds import work
from lib.entrypoints.bootstrap.reconcile import make_function_stores, make_rules
from lib.entrypoints.settings import ReconcileSettings, from_env

settings = from_env(ReconcileSettings)
telemetry = Telemetry(settings.stage)
memory = DynamoMemory(client("dynamodb"), settings.budget_table, "reconcile")
reconcile = partial(work, make_function_stores(settings), make_rules(settings), memory)


@telemetry.instrument
def handler(event: Event, context: Context) -> None:  # noqa: ARG001
    """Go on with the round that was begun, or begin one; what is raised, the next call repeats."""
    worked = reconcile(lambda: context.get_remaining_time_in_millis() / 1000, telemetry.found)
    telemetry.reconciled(worked)
