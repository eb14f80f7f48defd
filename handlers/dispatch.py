"""S3 notification ▸ catalog receipt ▸ topic."""

import time
from typing import Any

from lib.adapters.aws.clients import client
from lib.adapters.aws.dynamodb_catalog import DynamoCatalog
from lib.adapters.aws.s3 import S3Sources
from lib.adapters.aws.sns import SnsTopic
from lib.adapters.telemetry import Telemetry
from lib.application.dispatch import dispatch
from lib.domain.messages import parse_object_events
from lib.entrypoints.settings import DispatchSettings, from_env

settings = from_env(DispatchSettings)
telemetry = Telemetry(settings.stage)
sources = S3Sources(client("s3"))
catalog = DynamoCatalog(client("dynamodb"), settings.catalog_table)
topic = SnsTopic(client("sns"), settings.media_topic_arn)


@telemetry.instrument
def handler(event: dict[str, Any], context: Any) -> None:  # noqa: ARG001
    """Record and publish; what is raised makes Lambda call again, then the failure queue."""
    events = parse_object_events(event)
    for recorded in dispatch(
        events, sources=sources, catalog=catalog, topic=topic, clock=time.time
    ):
        telemetry.recorded(recorded)
