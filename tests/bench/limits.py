"""What an upload can't be faster than: each of its parts alone."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from lib.domain.keys import asset_id
from tests.bench.photo import render_photo
from tests.e2e.deployed import Deployed

QUEUE = "bench"
IDLE_FUNCTION = "media-pipeline-local-notify"


def seconds(work: Callable[[], object]) -> float:
    """Return how long some work takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def measure_limits(deployed: Deployed, photo: bytes) -> dict[str, float]:
    """Return the seconds of each part, by name."""

    def put() -> None:
        deployed.s3.put_object(Bucket=deployed.renditions, Key="bench", Body=photo)

    def get() -> None:
        deployed.catalog.get(asset_id(deployed.uploads, "nobody"))

    def pass_message() -> None:
        deployed.sqs.send_message(QueueUrl=queue, MessageBody="bench")
        received = deployed.sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"]
        deployed.sqs.delete_message(QueueUrl=queue, ReceiptHandle=received[0]["ReceiptHandle"])

    def invoke() -> None:
        payload = json.dumps({"Records": []})
        deployed.functions.invoke(FunctionName=IDLE_FUNCTION, Payload=payload)["Payload"].read()

    queue = deployed.sqs.create_queue(QueueName=QUEUE)["QueueUrl"]
    cpu_started = time.process_time()
    renditions = seconds(lambda: render_photo(photo))
    cpu = time.process_time() - cpu_started
    return {
        "PUT of the photo": seconds(put),
        "GetItem": seconds(get),
        "a message through a queue": seconds(pass_message),
        "an invocation with nothing to do": seconds(invoke),
        "making the renditions alone": renditions,
        "making the renditions alone, CPU time": cpu,
    }
