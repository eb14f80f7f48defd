"""Wire what records how executions end."""

from __future__ import annotations

from lib.adapters.aws.clients import client
from lib.adapters.aws.dynamodb_catalog import DynamoCatalog
from lib.adapters.aws.s3 import S3Renditions
from lib.adapters.aws.sqs import SqsQueue
from lib.application.context import Redelivery
from lib.application.long_video.fail import Recovery
from lib.entrypoints.settings import FailSettings


def make_recovery(settings: FailSettings) -> Recovery:
    """Return where the end of an execution is recorded, and where its upload goes."""
    queue = SqsQueue(client("sqs"), settings.video_queue_url)
    dead_letters = SqsQueue(client("sqs"), settings.video_dead_letters_url)
    return Recovery(
        DynamoCatalog(client("dynamodb"), settings.catalog_table),
        S3Renditions(client("s3"), settings.renditions_bucket),
        Redelivery(queue, dead_letters, settings.max_attempts),
        settings.settle_seconds,
    )
