"""What the two processors share: their adapters, and the batch around a job."""

from __future__ import annotations

from typing import Any, Protocol

from lib import presets
from lib.aws.catalog import DynamoCatalog
from lib.aws.clients import client
from lib.aws.queue import SqsQueue
from lib.aws.storage import S3Storage
from lib.batch import process_batch
from lib.job import Finished
from lib.model import UploadEvent
from lib.ports import Catalog, Deadline, Storage
from lib.sandbox.client import Sandbox
from lib.settings import ProcessorSettings
from lib.telemetry import Handler, Telemetry


class Job(Protocol):
    """`lib.image_job.process`, or `lib.video_job.process` with its own settings bound."""

    def __call__(
        self,
        event: UploadEvent,
        *,
        storage: Storage,
        catalog: Catalog,
        presets: presets.Presets,
        deadline: Deadline,
        last_receive: bool,
    ) -> Finished:
        """Process one upload under the fence."""
        ...


def make_handler(job: Job, settings: ProcessorSettings, images: Sandbox) -> Handler:
    """Build the clients once and return the Lambda handler of a queue's processor.

    `images` is what the job decodes images with.
    """
    telemetry = Telemetry(settings.stage)
    queue = SqsQueue(client("sqs"), settings.queue_url)
    storage = S3Storage(client("s3"), settings.renditions_bucket)
    catalog = DynamoCatalog(client("dynamodb"), settings.catalog_table)
    recipes = presets.load(presets.PACKAGED)

    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        def process(upload: UploadEvent, last_receive: bool) -> None:
            finished = job(
                upload,
                storage=storage,
                catalog=catalog,
                presets=recipes,
                deadline=lambda: context.get_remaining_time_in_millis() / 1000,
                last_receive=last_receive,
            )
            telemetry.finished(upload, finished, images.holds)

        return process_batch(
            event,
            process,
            max_receives=settings.max_receives,
            retry_later=queue.retry_later,
            on_retry=telemetry.retried,
        )

    return telemetry.instrument(handler)
