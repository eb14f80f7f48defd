"""Catalog stream ▸ asset events, for whoever subscribes."""

from lib.adapters.aws.clients import client
from lib.adapters.aws.dynamodb_items import read_changes
from lib.adapters.aws.sns import SnsAssetEvents
from lib.adapters.telemetry import Context, Event, Telemetry
from lib.application.notify import notify
from lib.entrypoints.settings import NotifySettings, from_env

settings = from_env(NotifySettings)
telemetry = Telemetry(settings.stage)
asset_events = SnsAssetEvents(client("sns"), settings.asset_events_topic_arn)


@telemetry.instrument
def handler(event: Event, context: Context) -> None:  # noqa: ARG001
    """Tell of a batch; what is raised makes Lambda try it again, then the failure queue."""
    changes = read_changes(event, telemetry.skipped)
    published = notify(changes, asset_events, progress=settings.progress_events == "true")
    telemetry.logger.info("notified", events=published)
