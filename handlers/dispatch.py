"""S3 notification ▸ catalog receipt ▸ topic."""

from __future__ import annotations

import time
from typing import Any

from lib.aws.catalog import DynamoCatalog
from lib.aws.clients import client
from lib.aws.storage import S3Storage
from lib.aws.topic import SnsTopic
from lib.dispatch import dispatch
from lib.messages import parse_object_events
from lib.settings import DispatchSettings, from_env
from lib.telemetry import Telemetry

settings = from_env(DispatchSettings)
telemetry = Telemetry(settings.stage)
storage = S3Storage(client("s3"))
catalog = DynamoCatalog(client("dynamodb"), settings.catalog_table)
topic = SnsTopic(client("sns"), settings.media_topic_arn)


@telemetry.instrument
def handler(event: dict[str, Any], context: Any) -> None:  # noqa: ARG001
    """Record and publish; what is raised makes Lambda call again, then the failure queue."""
    events = parse_object_events(event)
    for recorded in dispatch(
        events, storage=storage, catalog=catalog, topic=topic, clock=time.time
    ):
        telemetry.recorded(recorded)
