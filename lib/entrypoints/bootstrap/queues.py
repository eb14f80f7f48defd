"""What the processors of queues share: their budget, and the batch around a job."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from lib import presets
from lib.adapters.aws.budgeted_catalog import BudgetedCatalog
from lib.adapters.aws.clients import client
from lib.adapters.aws.dynamodb_ledger import DynamoLedger
from lib.adapters.aws.s3 import S3Renditions, S3Sources
from lib.adapters.aws.sqs import SqsQueue
from lib.adapters.sandbox.sandbox import Sandbox
from lib.adapters.telemetry import Context, Event, Handler, Telemetry
from lib.application.context import Delivery, Pipeline, Redelivery
from lib.application.daily_budget import Budget
from lib.application.fenced_job import Finished
from lib.domain.errors import ErrorCode, TransientError
from lib.domain.events import UploadEvent
from lib.domain.messages import deserialize_event
from lib.domain.prices import price_invocation
from lib.entrypoints.settings import ProcessorSettings
from lib.entrypoints.sqs_batch import Consumer, Queues


class Job(Protocol):
    """What processes an upload: `process_image`, or `process_video` with its settings bound."""

    def __call__(self, event: UploadEvent, pipeline: Pipeline, delivery: Delivery) -> Finished:
        """Process one upload under the fence."""
        ...


def make_budget(settings: ProcessorSettings) -> Budget:
    """Return the budget of the stage's days."""
    ledger = DynamoLedger(client("dynamodb"), settings.budget_table)
    return Budget(ledger, settings.daily_dollars, settings.budget_wait_seconds)


def make_handler(job: Job, settings: ProcessorSettings, images: Sandbox, budget: Budget) -> Handler:
    """Build the clients once and return the Lambda handler of a queue's processor.

    `images` is what the job decodes images with.
    """
    telemetry = Telemetry(settings.stage)
    queue = SqsQueue(client("sqs"), settings.queue_url)
    dead_letters = SqsQueue(client("sqs"), settings.dead_letters_url)
    redelivery = Redelivery(queue, dead_letters, settings.max_attempts)
    renditions = S3Renditions(client("s3"), settings.renditions_bucket)
    memory_mb = settings.aws_lambda_function_memory_size
    catalog = BudgetedCatalog(client("dynamodb"), settings.catalog_table, budget, memory_mb)
    recipes = presets.load(presets.PACKAGED)
    pipeline = Pipeline(S3Sources(client("s3")), renditions, catalog, recipes)

    def handler(event: Event, context: Context) -> Event:
        def process(upload: UploadEvent) -> None:
            delivery = Delivery(lambda: context.get_remaining_time_in_millis() / 1000, redelivery)
            with charged(budget, renditions, memory_mb):
                finished = job(upload, pipeline, delivery)
            telemetry.finished(upload, finished, images.holds)

        max_receives = settings.max_receives
        return Consumer(
            deserialize_event, process, Queues(queue, dead_letters, max_receives), telemetry
        ).process_batch(event)

    return telemetry.instrument(handler)


@contextmanager
def charged(budget: Budget, renditions: S3Renditions, memory_mb: int) -> Iterator[None]:
    """Charge what is done for the time it takes and the objects it stores, however it ends."""
    started, puts = time.monotonic(), renditions.puts
    waits = False
    try:
        yield
    except TransientError as exc:
        waits = exc.code is ErrorCode.BUDGET_SPENT  # nothing was started
        raise
    finally:
        if not waits:
            seconds = time.monotonic() - started
            budget.charge(price_invocation(seconds, memory_mb, renditions.puts - puts))
