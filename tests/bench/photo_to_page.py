"""How long a photo takes from when it is dropped on the gallery until it is seen there."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from lib.domain.clock import from_iso
from tests.bench.report import FEWEST_RUNS, Result, median
from tests.bench.sources import make_12mp
from tests.conformance.streams.browser import browsing
from tests.e2e.deployed import Deployed
from tests.e2e.gallery import Gallery

RUNS = FEWEST_RUNS + 2
WARM_UP = 2

WATCH = """
window.moments = {};
{
  const seconds = () => (performance.timeOrigin + performance.now()) / 1000;
  const note = (name, what) => { (moments[name] ??= {})[what] ??= seconds(); };
  const nameOf = (card) => card?.querySelector(".name")?.textContent;
  addEventListener("drop", ({ dataTransfer }) => {
    for (const { name } of dataTransfer.files) note(name, "dropped");
  }, true);
  new MutationObserver(() => {
    for (const card of document.querySelectorAll(".card[data-status]"))
      if (nameOf(card)) note(nameOf(card), card.dataset.status);
  }).observe(document, { childList: true, subtree: true, attributeFilter: ["data-status"] });
  document.addEventListener("load", async ({ target }) => {
    const name = target.matches?.(".card img:not(.hash)") && nameOf(target.closest(".card"));
    if (!name) return;
    note(name, "loaded");
    await target.decode();
    requestAnimationFrame(() => requestAnimationFrame(() => note(name, "painted")));
  }, true);
}
"""
"""Notes when the page did what with which file, in epoch seconds.

Painted: the picture is decoded, and the frame after the one that shows it begins.
"""

REQUESTS = """
performance.getEntriesByType("resource").map(({ name, startTime, responseEnd }) =>
  [name, ...[startTime, responseEnd].map((time) => (performance.timeOrigin + time) / 1000)])
"""

PARTS = (
    "drop ▸ the form is asked for",
    "GET /s3/params: the form is signed",
    "upload",
    "uploaded ▸ RECEIVED: S3 event, dispatch",
    "RECEIVED ▸ PROCESSING: topic, queue",
    "processing",
    "READY ▸ the page hears of it: poll",
    "heard of ▸ the picture has come",
    "the picture has come ▸ painted",
)
"""What lies between the moments of a photo's way."""

Moments = tuple[float, ...]
"""Epoch seconds, one more than PARTS."""


def measure_photo(deployed: Deployed, chromium: str, folder: Path) -> Iterator[Result]:
    """Drop a 12-MP JPEG so many times, one after the other, each under a name of its own."""
    photo = make_12mp(folder)
    yield Result("12-MP photo", photo.stat().st_size / 1e6, "MB")
    names = [f"12mp-{number}.jpg" for number in range(WARM_UP + RUNS)]
    copies = [Path(shutil.copy(photo, folder / name)) for name in names]
    with browsing(chromium) as browser:
        gallery = Gallery.visit(browser, deployed.outputs["GalleryUrl"], WATCH)
        runs = [_drop(each, deployed, gallery) for each in copies]
    yield from describe_runs(runs[WARM_UP:])


def describe_runs(runs: Sequence[Moments]) -> Iterator[Result]:
    """Return the median of the whole, and of each part."""
    whole = median([each[-1] - each[0] for each in runs])
    yield Result("12-MP photo: drop ▸ picture on the page", whole, "s")
    splits = [[end - start for start, end in pairwise(each)] for each in runs]
    for name, seconds in zip(PARTS, zip(*splits, strict=True), strict=True):
        yield Result(f"12-MP photo: {name}", median(seconds), "s")


def _drop(photo: Path, deployed: Deployed, gallery: Gallery) -> Moments:
    page, name = gallery.page, json.dumps(photo.name)
    page.evaluate("performance.clearResourceTimings()")
    gallery.upload(photo)
    page.wait(f"moments[{name}].painted")
    noted = page.evaluate(f"moments[{name}]")
    requests = page.evaluate(REQUESTS)
    asked, signed = next(times for url, *times in requests if "/s3/params?" in url)
    uploaded = next(
        end for url, start, end in requests if f"/{deployed.uploads}" in url and start >= signed
    )
    keys = deployed.s3.list_objects_v2(Bucket=deployed.uploads)["Contents"]
    asset = deployed.asset(next(each["Key"] for each in keys if each["Key"].endswith(photo.name)))
    if asset is None or asset.processed_ms is None:
        raise RuntimeError(f"expected {photo.name} to be processed but its asset is {asset}")
    committed = from_iso(asset.updated_at)
    return (
        *(noted["dropped"], asked, signed, uploaded),
        *(from_iso(asset.created_at), committed - asset.processed_ms / 1000, committed),
        *(noted["READY"], noted["loaded"], noted["painted"]),
    )
