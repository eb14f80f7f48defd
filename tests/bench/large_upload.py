"""A film of 1 GB that a browser uploads in parts: what is lost, and what the page has in memory."""

from __future__ import annotations

import hashlib
import random
import re
import statistics
import struct
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lib.domain.asset import Asset, AssetStatus
from tests.bench.relay import Relay, relaying
from tests.bench.report import Result
from tests.conformance.streams.browser import browsing
from tests.e2e.deployed import Deployed
from tests.e2e.gallery import Gallery, card
from tests.support.page import Page

SIZE = 10**9
MB = 10**6
PART = 8 * 2**20
"""Bytes of a part: as lib/web/uploads.js cuts a file of this size."""

BLOCK = 2**20
CUTS = 2
CUT_PART = SIZE // PART // 2
WARM_UP_PARTS = 10
PATIENCE_SECONDS = 600
EVERY_SECONDS = 0.25
READ = 16 * 2**20
MOST_GROWTH = 8 * PART / MB
"""MB that a page's memory may grow by: a few parts, however long the file is."""

PRIVATE = re.compile(r"Rss(?:Anon|Shmem):\s+(\d+)")

COUNT = "performance.setResourceTimingBufferSize(2000);"
SENT_BY_PAGE = (
    "performance.getEntriesByType('resource').filter(e => /partNumber=/.test(e.name)).length"
)
"""How often the page began to send a part: what a browser repeats by itself counts once."""


@dataclass(frozen=True, slots=True)
class Sample:
    """MB in memory after so many parts: of the page's process, of the whole browser, of the heap.

    A process: what is its own or shared without a file (RssAnon, RssShmem). Heap: JavaScript's.
    """

    parts: int
    page: float
    browser: float
    heap: float


def measure_upload(deployed: Deployed, chromium: str, folder: Path) -> Iterator[Result]:
    """Upload an MP4 of random bytes by the gallery, and break connections in the middle of a part.

    A browser sends again by itself what went over a connection that it had used before; the second
    time the connection is a new one, and Uppy has to.
    """
    film = folder / "1gb.mp4"
    digest = _write(film)
    port = deployed.emulator.port
    with relaying(port, CUT_PART, PART // 2, CUTS) as relay:
        through = f"--host-resolver-rules=MAP 127.0.0.1:{port} 127.0.0.1:{relay.port}"
        with browsing(chromium, through) as browser:
            gallery = Gallery.visit(browser, deployed.outputs["GalleryUrl"], COUNT)
            began = time.monotonic()
            samples = list(_upload(film, gallery, relay))
            uploaded = time.monotonic() - began
            gallery.wait_for(film.name, *(each for each in AssetStatus if each.terminal))
            ended = time.monotonic() - began
            sent_by_page = gallery.page.evaluate(SENT_BY_PAGE)
            wrong = gallery.page.evaluate("window.wrong")
    if wrong or relay.cuts:
        raise RuntimeError(f"expected {CUTS} broken connections, {relay.cuts} are left; {wrong}")
    parts = len(relay.begun)
    yield Result("1-GB upload", uploaded, "s")
    yield Result("1-GB upload: parts", parts, "")
    again = relay.begun.total() - parts
    yield Result(f"1-GB upload: sent again for {CUTS} broken connections", again, "parts", CUTS)
    yield Result("1-GB upload: of them by Uppy", sent_by_page - parts, "parts")
    yield from describe_memory(samples)
    asset, lost = _read_back(deployed, film.name, digest)
    yield Result("1-GB upload: objects with other bytes than the file", lost, "", 0)
    outcome = f"{asset.status} ({asset.error and asset.error.code})"
    yield Result(f"1-GB upload: uploaded ▸ {outcome} on the page", ended - uploaded, "s")


def _write(film: Path) -> str:
    """Write an `mdat` that no `moov` tells of, and return its SHA-256: no two blocks are equal."""
    brand = b"ftypisom" + bytes(4) + b"isom"
    head = struct.pack(">I", 4 + len(brand)) + brand
    head += struct.pack(">I4sQ", 1, b"mdat", SIZE - len(head))
    block = random.Random(1).randbytes(BLOCK)
    digest, written = hashlib.sha256(), 0
    with film.open("wb") as file:
        while written < SIZE:
            numbered = head + struct.pack(">Q", written) + block
            content, head = numbered[: SIZE - written], b""
            file.write(content)
            digest.update(content)
            written += len(content)
    return digest.hexdigest()


def _upload(film: Path, gallery: Gallery, relay: Relay) -> Iterator[Sample]:
    """Drop a file, and look at the browser until the file has arrived."""
    page, deadline = gallery.page, time.monotonic() + PATIENCE_SECONDS
    found = page.browser.call("SystemInfo.getProcessInfo")["processInfo"]
    renderers = [each["id"] for each in found if each["type"] == "renderer"]
    page.browser.call("Performance.enable", page.session)
    yield _look(page, renderers, 0)
    gallery.drop(film)
    while not page.evaluate(f"Boolean({card(film.name)})"):
        if failed := page.evaluate("document.querySelector('#upload-rows .failed')?.innerText"):
            raise RuntimeError(f"expected {film.name} to be uploaded but: {failed}")
        if time.monotonic() > deadline:
            raise RuntimeError(f"waited {PATIENCE_SECONDS} s in vain for {film.name}")
        yield _look(page, renderers, len(relay.begun))
        time.sleep(EVERY_SECONDS)


def _look(page: Page, renderers: list[int], parts: int) -> Sample:
    call = page.browser.call
    metrics = {
        each["name"]: each["value"]
        for each in call("Performance.getMetrics", page.session)["metrics"]
    }
    running = call("SystemInfo.getProcessInfo")["processInfo"]
    return Sample(
        parts,
        sum(map(_memory, renderers)),
        sum(_memory(each["id"]) for each in running),
        metrics["JSHeapUsedSize"] / MB,
    )


def _memory(process: int) -> float:
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except FileNotFoundError:
        return 0.0
    return sum(int(kilobytes) for kilobytes in PRIVATE.findall(status)) * 1024 / MB


def describe_memory(samples: Sequence[Sample]) -> Iterator[Result]:
    """Return how memory grew: at most, and with each part after the first few."""
    for name, most in (("page", MOST_GROWTH), ("browser", None), ("heap", None)):
        taken = [getattr(each, name) for each in samples]
        label = f"1-GB upload: memory of the {name}"
        yield Result(f"{label} before", taken[0], "MB")
        yield Result(f"{label}: most above that", max(taken) - taken[0], "MB", most)
        later = [each for each in samples if each.parts >= WARM_UP_PARTS]
        slope, _ = statistics.linear_regression(
            [each.parts for each in later], [getattr(each, name) for each in later]
        )
        yield Result(f"{label}: slope", slope * 1000, "kB a part")


def _read_back(deployed: Deployed, name: str, digest: str) -> tuple[Asset, int]:
    """Return what became of a file, and 1 if its object has other bytes, else 0."""
    found = deployed.s3.list_objects_v2(Bucket=deployed.uploads)["Contents"]
    stored = next(each for each in found if each["Key"].endswith(f"/{name}"))
    read = hashlib.sha256()
    for start in range(0, stored["Size"], READ):
        part = deployed.s3.get_object(
            Bucket=deployed.uploads, Key=stored["Key"], Range=f"bytes={start}-{start + READ - 1}"
        )
        read.update(part["Body"].read())
    asset = deployed.asset(stored["Key"])
    if asset is None:
        raise RuntimeError(f"expected {name} to be in the catalog")
    return asset, int(read.hexdigest() != digest)
