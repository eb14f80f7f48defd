"""How a long source ends that could not be made: from the state machine, or from its status."""

from lib.adapters.aws.clients import client
from lib.adapters.aws.dynamodb_catalog import DynamoCatalog
from lib.adapters.aws.s3 import S3Renditions
from lib.adapters.aws.sqs import SqsQueue
from lib.adapters.telemetry import Context, Event, Telemetry
from lib.application.long_video.fail import fail, read_ending
from lib.entrypoints.settings import FailSettings, from_env

settings = from_env(FailSettings)
telemetry = Telemetry(settings.stage)
renditions = S3Renditions(client("s3"), settings.renditions_bucket)
catalog = DynamoCatalog(client("dynamodb"), settings.catalog_table)
dead_letters = SqsQueue(client("sqs"), settings.dead_letters_url)


@telemetry.instrument
def handler(event: Event, context: Context) -> dict[str, bool]:  # noqa: ARG001
    """Record the reason; tell whether it is final."""
    ending = read_ending(event)
    failed = fail(ending, catalog, renditions, dead_letters.send)
    telemetry.step(ending.event, "failed", reason=str(ending.error), permanent=failed.permanent)
    telemetry.finished(ending.event, failed.finished)
    return {"permanent": failed.permanent}
