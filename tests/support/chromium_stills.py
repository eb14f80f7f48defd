"""Still pictures as Chromium shows them in a page."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.conformance.streams.browser import browsing

MIME = {"bmp": "image/bmp", "ico": "image/x-icon"}

SHOW = """(async () => {
  const shown = [];
  for (const address of %s) {
    const image = new Image();
    image.src = address;
    try { await image.decode(); } catch { shown.push(null); continue; }
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
    const context = canvas.getContext('2d');
    context.drawImage(image, 0, 0);
    const pixels = context.getImageData(0, 0, canvas.width, canvas.height).data;
    shown.push([canvas.width, canvas.height, btoa(String.fromCharCode(...pixels))]);
  }
  return shown;
})()"""

Shown = tuple[tuple[int, int], bytes] | None
"""Size in px, and RGBA row by row; None where nothing is shown."""


def show(browser: str, files: Sequence[tuple[str, bytes]]) -> list[Shown]:
    """Return what is shown of small files, each with its container, in one page."""
    addresses = [
        f"data:{MIME[container]};base64,{base64.b64encode(data).decode()}"
        for container, data in files
    ]
    with TemporaryDirectory() as folder, browsing(browser) as running:
        page = Path(folder) / "page.html"
        page.write_text("<!doctype html><title>stills</title>")
        found = running.evaluate(page.as_uri(), SHOW % json.dumps(addresses))
    return [each and ((each[0], each[1]), base64.b64decode(each[2])) for each in found]
