"""How much the HTTP API takes of an answer and of a cold start, and what people wait for."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import boto3

from lib.domain.keys import asset_id
from lib.tools.emulator import lifecycle
from lib.tools.stack import LOCAL, use_stage
from tests.bench.coldstart import Goal, compile_runtime, measure_start, package_stage
from tests.bench.large_upload import measure_upload
from tests.bench.photo import make_photo
from tests.bench.photo_to_page import measure_photo
from tests.bench.report import BenchError, Result, median
from tests.conformance.streams.browser import find_browser
from tests.e2e.deployed import FUNCTIONS, Deployed
from tests.support.api_calls import Answer, send

ANSWERS = 200
WARM_UP = 20
ABOVE_EMPTY_MS = 15.0
START = Goal(12, 1.45)

KEY = "bench/photo.jpg"
EMPTY = "bench-empty"
EMPTY_CODE = 'def handler(event, context):\n    return {"statusCode": 200, "body": "{}"}\n'


def run() -> Iterator[Result]:
    """Measure the local stage: GET /assets/{id} of a finished photo, and the function's start.

    An answer: from before the connection is opened until it is read, workers warm, one request at
    a time; in turn with an empty function of as much memory behind the same HTTP API. Above it: the
    median of the differences of such pairs. 304: the same asset for who knows it already.

    start: as `npm run bench -- coldstart` measures that of the other functions.

    12-MP photo, 1-GB upload: dropped on the gallery in Chromium, from the event of the drop on. A
    photo's parts meet: those of one add up to its whole, and where one was done before the one
    ahead of it had ended, it is < 0. Of the film's connections two are broken in mid-part: the
    browser itself sends the part again, then Uppy. Memory: what processes have of their own.
    """
    chromium = find_browser()
    if not chromium:
        raise BenchError("no browser: apt install chromium, or set CHROMIUM_PATH")
    with TemporaryDirectory(prefix="api-") as name:
        folder = Path(name)
        packages = package_stage(folder)
        yield from measure_start(packages["api"], START, folder, compile_runtime(folder))
    with _stage() as deployed:
        yield from _measure_answers(deployed)
        with TemporaryDirectory(prefix="gallery-") as name:
            yield from measure_photo(deployed, chromium, Path(name))
            yield from measure_upload(deployed, chromium, Path(name))


@contextmanager
def _stage() -> Iterator[Deployed]:
    with TemporaryDirectory(prefix="api-") as name:
        folder = Path(name)
        with lifecycle.running(None, folder) as local:
            local.deploy(LOCAL)
            use_stage(LOCAL, folder=folder)
            yield Deployed(local)


def _measure_answers(deployed: Deployed) -> Iterator[Result]:
    photo, _ = make_photo()
    asset = deployed.wait(KEY, deployed.upload(KEY, photo))
    url = deployed.outputs["ApiUrl"]
    path = f"{url}/assets/{asset_id(deployed.uploads, KEY)}"
    _add_empty(deployed, url)
    known = {"If-None-Match": send("GET", path).headers["etag"]}
    yield Result("renditions of the photo", len(asset.renditions), "")
    times: list[tuple[float, ...]] = []
    for _ in range(WARM_UP + ANSWERS):
        empty, _ = _timed(f"{url}/empty", {}, 200)
        whole, answer = _timed(path, {}, 200)
        unchanged, _ = _timed(path, known, 304)
        times.append((empty, whole, unchanged, len(answer.body) / 1000))
    empties, wholes, unchangeds, sizes = zip(*times[WARM_UP:], strict=True)
    yield Result("GET /assets/{id}: body", median(sizes), "KB")
    yield Result("empty function", median(empties), "ms")
    yield Result("GET /assets/{id}", median(wholes), "ms")
    above = [whole - empty for whole, empty in zip(wholes, empties, strict=True)]
    yield Result("GET /assets/{id}: above the empty function", median(above), "ms", ABOVE_EMPTY_MS)
    yield Result("GET /assets/{id}: 304", median(unchangeds), "ms")


def _timed(url: str, headers: dict[str, str], expected: int) -> tuple[float, Answer]:
    """Return the ms until an answer was read, and the answer."""
    began_ns = time.monotonic_ns()
    answer = send("GET", url, headers=headers)
    milliseconds = (time.monotonic_ns() - began_ns) / 1e6
    if answer.status != expected:
        raise RuntimeError(f"expected {expected} of {url} but received {answer.status}")
    return milliseconds, answer


def _add_empty(deployed: Deployed, url: str) -> None:
    """Put a function that does nothing behind the stage's own HTTP API."""
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("empty.py", EMPTY_CODE)
    ours = deployed.functions.get_function_configuration(FunctionName=f"{FUNCTIONS}api")
    made = deployed.functions.create_function(
        FunctionName=EMPTY,
        Runtime=ours["Runtime"],
        Role=ours["Role"],
        Handler="empty.handler",
        Code={"ZipFile": zipped.getvalue()},
        MemorySize=ours["MemorySize"],
    )
    gateway = boto3.client("apigatewayv2")
    api = url.rpartition("/execute-api/")[2].partition("/")[0]
    integration = gateway.create_integration(
        ApiId=api,
        IntegrationType="AWS_PROXY",
        IntegrationUri=made["FunctionArn"],
        PayloadFormatVersion="2.0",
    )["IntegrationId"]
    gateway.create_route(ApiId=api, RouteKey="GET /empty", Target=f"integrations/{integration}")
    deployed.functions.add_permission(
        FunctionName=EMPTY,
        StatementId="api",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
    )
