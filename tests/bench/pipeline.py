"""How long an upload takes until its renditions are there, and what of that is not our own work."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import boto3

from lib.domain.asset import Asset, AssetStatus
from lib.tools.emulator import lifecycle
from lib.tools.stack import LOCAL, use_stage
from tests.bench.limits import measure_limits, seconds
from tests.bench.photo import make_photo
from tests.bench.report import FEWEST_RUNS, Result, median
from tests.bench.timeline import Span, read_work, uncovered
from tests.e2e.deployed import Deployed

UPLOADS = 21
WARM_UP = 3
POLL_SECONDS = 0.02
PATIENCE_SECONDS = 60
WHOLE_SECONDS = 1.0
OUTSIDE_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class Upload:
    """One upload: its asset when READY was seen, the PUT, and from its start until then."""

    asset: Asset
    put: Span
    whole: Span


@dataclass(frozen=True, slots=True)
class Traced:
    """An upload, and when the two handlers worked on it."""

    upload: Upload
    dispatch: Span
    process: Span


def run() -> Iterator[Result]:
    """Measure the local stage: upload ▸ READY of a 200-KB JPEG, each under a new key.

    upload ▸ READY: from just before PutObject until a GetItem, one every 20 ms, sees READY; one
    upload at a time, workers warm. A handler's work: from the start of its invocation until it
    logs how it ended, its requests to S3, DynamoDB and SNS included. outside: what of upload ▸
    READY lies in no handler's work; where two handlers overlap, that counts once.

    The limits are taken between the uploads: a PUT of the same bytes that nobody is told of, one
    GetItem, one message through a queue, one invocation of a function with nothing to do but log,
    and the renditions alone (decode, resize, encode) in one thread of this process, with the CPU
    time of that: where the two differ, something else wanted the cores. Deploys are the first on an
    emulator that has just started, with layers built.
    """
    photo, (width, height) = make_photo()
    yield Result("photo", len(photo) / 1000, "KB")
    yield Result("photo: pixels", width * height / 1e6, "MP")
    deploys: list[float] = []
    for _ in range(FEWEST_RUNS - 1):
        with _stage(deploys):
            pass
    with _stage(deploys) as deployed:
        yield Result("sls deploy", median(deploys), "s")
        uploads, limits = _upload_all(deployed, photo)
        yield from _describe_uploads(uploads)
        yield from (Result(f"limit: {name}", median(each), "s") for name, each in limits.items())


@contextmanager
def _stage(deploys: list[float]) -> Iterator[Deployed]:
    """Deploy to an emulator of its own, and add the seconds that the deploy took."""
    with TemporaryDirectory(prefix="pipeline-") as name:
        folder = Path(name)
        with lifecycle.running(None, folder) as local:
            deploys.append(seconds(lambda: local.deploy(LOCAL)))
            use_stage(LOCAL, folder=folder)
            yield Deployed(local)


def _upload_all(deployed: Deployed, photo: bytes) -> tuple[list[Traced], dict[str, list[float]]]:
    """Return the uploads, and the limits that were taken between them, by name."""
    limits: defaultdict[str, list[float]] = defaultdict(list)
    uploads = []
    for number in range(WARM_UP + UPLOADS):
        uploads.append(_upload(deployed, f"bench/{number}.jpg", photo))
        for name, value in measure_limits(deployed, photo).items():
            limits[name].append(value)
    dispatched, processed = _read_work("dispatch"), _read_work("processImage")
    traced = [
        Traced(each, dispatched[each.asset.asset_id], processed[each.asset.asset_id])
        for each in uploads
    ]
    return traced[WARM_UP:], {name: each[WARM_UP:] for name, each in limits.items()}


def _upload(deployed: Deployed, key: str, photo: bytes) -> Upload:
    started = time.time()
    deployed.upload(key, photo)
    put = Span(started, time.time())
    while time.time() < started + PATIENCE_SECONDS:
        asset = deployed.asset(key)
        if asset and asset.status.terminal:
            if asset.status is not AssetStatus.READY:
                raise RuntimeError(f"expected {key} to be READY but it is {asset.status}")
            return Upload(asset, put, Span(started, time.time()))
        time.sleep(POLL_SECONDS)
    raise RuntimeError(f"waited {PATIENCE_SECONDS} s in vain for {key} to be READY")


def _read_work(function: str) -> dict[str, Span]:
    pages = boto3.client("logs").get_paginator("filter_log_events")
    group = f"/aws/lambda/media-pipeline-local-{function}"
    return read_work(
        event for page in pages.paginate(logGroupName=group) for event in page["events"]
    )


def _describe_uploads(uploads: list[Traced]) -> Iterator[Result]:
    def result(
        name: str, measure: Callable[[Traced], float], target: float | None = None
    ) -> Result:
        return Result(name, median([measure(each) for each in uploads]), "s", target)

    yield result("upload ▸ READY", lambda each: each.upload.whole.seconds, WHOLE_SECONDS)
    yield result("outside the handlers", _outside, OUTSIDE_SECONDS)
    yield result("handler: dispatch", lambda each: each.dispatch.seconds)
    yield result("handler: processImage", lambda each: each.process.seconds)
    yield result(
        "handler: processImage, processed_ms",
        lambda each: (each.upload.asset.processed_ms or 0) / 1000,
    )
    yield result("outside: PUT", lambda each: each.upload.put.seconds)
    yield result(
        "outside: start of PUT ▸ dispatch",
        lambda each: each.dispatch.start - each.upload.put.start,
    )
    yield result(
        "outside: dispatch ▸ processImage, < 0 where they overlap",
        lambda each: each.process.start - each.dispatch.end,
    )
    yield result(
        "outside: processImage ▸ READY seen",
        lambda each: each.upload.whole.end - each.process.end,
    )


def _outside(each: Traced) -> float:
    return uncovered(each.upload.whole, (each.dispatch, each.process))
