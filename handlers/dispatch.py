"""S3 notification ▸ catalog receipt ▸ topic; notifications that failed come again by a queue."""

from typing import Any

from lib.adapters.aws.clients import client
from lib.adapters.aws.dynamodb_catalog import DynamoCatalog
from lib.adapters.aws.s3 import S3Sources
from lib.adapters.aws.sns import SnsTopic
from lib.adapters.telemetry import Context, Event, Telemetry
from lib.application.dispatch import dispatch
from lib.domain.messages import parse_object_events
from lib.entrypoints.failed_calls import handle_calls
from lib.entrypoints.settings import DispatchSettings, from_env

settings = from_env(DispatchSettings)
telemetry = Telemetry(settings.stage)
sources = S3Sources(client("s3"))
catalog = DynamoCatalog(client("dynamodb"), settings.catalog_table)
topic = SnsTopic(client("sns"), settings.media_topic_arn)


@telemetry.instrument
def handler(event: Event, context: Context) -> Any:  # noqa: ARG001
    """Record and publish; what is raised makes Lambda call again, then it goes to the queue."""
    return handle_calls(
        event,
        parse_object_events,
        lambda events: telemetry.recorded(dispatch(events, sources, catalog, topic)),
        settings,
        telemetry,
    )
