"""A stable address ▸ where the best rendition of the live version lies."""

from lib.adapters.aws.clients import client
from lib.adapters.aws.dynamodb_catalog import DynamoCatalog
from lib.adapters.telemetry import Context, Event, Telemetry
from lib.application.doors.deliver import Delivery, Wanted, deliver
from lib.entrypoints.http.deliveries import Response, respond
from lib.entrypoints.settings import DeliverSettings, from_env

settings = from_env(DeliverSettings)
telemetry = Telemetry(settings.stage)
catalog = DynamoCatalog(client("dynamodb"), settings.catalog_table)


def resolve(path: str, wanted: Wanted) -> Delivery:
    """Look an address up in this stage's catalog."""
    return deliver(path, wanted, catalog, settings.uploads_bucket)


@telemetry.instrument
def handler(event: Event, context: Context) -> Response:  # noqa: ARG001
    """Answer one request."""
    return respond(event, resolve, settings.renditions_path, settings.stale_seconds)
