"""Take pictures of the gallery on the local stage, in light and dark, with our own samples."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import boto3
from PIL import Image

from lib.tools import ROOT
from lib.tools.emulator import lifecycle
from lib.tools.stack import LOCAL, SERVICE
from tests.conformance.streams.browser import browsing, find_browser
from tests.e2e.gallery import ACCEPTED
from tests.support.page import Page

SAMPLES = ROOT / "tests/media"
SHOWN = (  # about in this order: the first is uploaded last
    *("hubble.jpg", "bunny-720p-5.1.mp4", "portrait-gps.jpg", "coffee.heic", "wide-gamut.png"),
    *("voice.m4a", "rocket-alpha.png", "été à la plage + sunset v1.2.final.jpg", "zoom.gif"),
    *("cat.jp2", "truncated.jpg", "really-a-jpeg.txt"),
)
FILM = "bunny-720p-5.1.mp4"
SIZE = (1120, 720)
QUALITY = 82
PATIENCE_SECONDS = 240
CARDS = "[...document.querySelectorAll('.card')]"
ENDED = f"{CARDS}.filter(each => /READY|PART|FAIL|REJ/.test(each.dataset.status))"
LOADED = "[...document.images].every(each => each.complete)"


def make_grid() -> bytes:
    """Return the grid in light, as WebP. Raises RuntimeError where there is no browser."""
    return _taken()[0]


def make_film() -> bytes:
    """Return a film's page in dark, as WebP. Raises RuntimeError where there is no browser."""
    return _taken()[1]


@cache
def _taken() -> tuple[bytes, bytes]:
    """Upload the samples, and take both pictures."""
    path = find_browser()
    if not path:
        raise RuntimeError("no browser: apt install chromium, or set CHROMIUM_PATH")
    with _stage() as address, browsing(path) as browser:
        page = Page.open(browser, address)
        page.wait("document.querySelector('#status').options.length > 1")
        page.resize(SIZE)
        page.prefer("light")
        for name in reversed(SHOWN):
            page.drop([SAMPLES / name], ACCEPTED)
            page.wait(
                f"document.querySelector('#grid').innerText.includes({name!r})", PATIENCE_SECONDS
            )
        page.wait(f"{ENDED}.length === {len(SHOWN)}", PATIENCE_SECONDS)
        page.evaluate("location.reload()")
        page.wait(f"{ENDED}.length === {len(SHOWN)} && {LOADED}")
        grid = page.capture()
        page.prefer("dark")
        page.evaluate(f"{CARDS}.find(each => each.innerText.includes({FILM!r})).click()")
        page.wait("document.querySelector('video')?.readyState > 2")
        page.evaluate("document.querySelector('.controls').scrollIntoView({block: 'end'})")
        page.hover(".seek input", 0.6)
        page.wait("!document.querySelector('.peek').hidden")
        time.sleep(0.5)  # for the sprites, which nothing tells of
        film = page.capture()
    return _webp(grid), _webp(film)


@contextmanager
def _stage() -> Iterator[str]:
    """Deploy the local stage on an emulator of its own, and yield the gallery's address."""
    with TemporaryDirectory() as folder, lifecycle.running(None, Path(folder)) as running:
        running.deploy(LOCAL)
        with patch.dict(os.environ, running.environment, clear=True):
            stacks = boto3.Session().client("cloudformation")
            described = stacks.describe_stacks(StackName=f"{SERVICE}-{LOCAL}")["Stacks"][0]
        yield next(
            each["OutputValue"]
            for each in described["Outputs"]
            if each["OutputKey"] == "GalleryUrl"
        )


def _webp(png: bytes) -> bytes:
    kept = io.BytesIO()
    with Image.open(io.BytesIO(png)) as image:
        image.convert("RGB").save(kept, "WEBP", quality=QUALITY, method=6)
    return kept.getvalue()
