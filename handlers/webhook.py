"""Queue of asset events ▸ the stage's receiver, by signed HTTPS requests."""

from lib.adapters.telemetry import Context, Event, Telemetry
from lib.entrypoints.bootstrap.webhook import make_event_queue
from lib.entrypoints.settings import WebhookSettings, from_env

settings = from_env(WebhookSettings)
telemetry = Telemetry(settings.stage)
events = make_event_queue(settings, telemetry)


@telemetry.instrument
def handler(event: Event, context: Context) -> Event:  # noqa: ARG001
    """Deliver a batch; or the event of `media webhook test`, which is told what came of it."""
    return events.test(event["test"]) if "test" in event else events.process_batch(event)
