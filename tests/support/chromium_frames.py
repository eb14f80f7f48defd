"""Frames of an animation as Chromium composes them: by its ImageDecoder (WebCodecs)."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.conformance.streams.browser import Browser, browsing

MIME = {"gif": "image/gif", "png": "image/png", "webp": "image/webp", "avif": "image/avif"}

DECODE = """(async () => {
  const text = pixels => {
    let made = '';
    for (let at = 0; at < pixels.length; at += 4096)
      made += String.fromCharCode(...pixels.subarray(at, at + 4096));
    return btoa(made);
  };
  const data = Uint8Array.from(atob('%s'), each => each.charCodeAt(0));
  const shown = {frames: []};
  try {
    const decoder = new ImageDecoder(
      {data, type: '%s', premultiplyAlpha: 'none', preferAnimation: true});
    await decoder.completed;
    await decoder.tracks.ready;
    const track = decoder.tracks.selectedTrack;
    shown.repetitions = track.repetitionCount === Infinity ? -1 : track.repetitionCount;
    for (let frameIndex = 0; frameIndex < track.frameCount; frameIndex++) {
      const {image} = await decoder.decode({frameIndex, completeFramesOnly: false});
      const [width, height] = [image.codedWidth, image.codedHeight];
      const pixels = new Uint8Array(4 * width * height);
      await image.copyTo(pixels, {format: 'RGBA'});
      shown.frames.push({width, height, ms: (image.duration || 0) / 1000, rgba: text(pixels)});
      image.close();
    }
  } catch (error) { shown.error = String(error); }
  return shown;
})()"""


@dataclass(frozen=True, slots=True)
class ShownFrame:
    """One composed frame; `rgba` row by row, straight alpha."""

    size: tuple[int, int]
    ms: float
    rgba: bytes


@dataclass(frozen=True, slots=True)
class Shown:
    """What the browser makes of a file; `error` where it stopped, after `frames`.

    `plays` counts as the probe does: 0 for ever.
    """

    frames: tuple[ShownFrame, ...]
    plays: int | None
    error: str | None = None


class ChromiumFrames:
    """Decodes in a page of its own each time."""

    def __init__(self, browser: Browser, page: Path) -> None:
        self._browser, self._page = browser, page

    def decode(self, data: bytes, container: str) -> Shown:
        """Return what is shown of a file."""
        script = DECODE % (base64.b64encode(data).decode(), MIME[container])
        found: dict[str, Any] = self._browser.evaluate(self._page.as_uri(), script)
        frames = tuple(
            ShownFrame((each["width"], each["height"]), each["ms"], base64.b64decode(each["rgba"]))
            for each in found["frames"]
        )
        repetitions = found.get("repetitions")
        return Shown(
            frames, None if repetitions is None else int(repetitions) + 1, found.get("error")
        )


@contextmanager
def chromium_frames(path: str) -> Iterator[ChromiumFrames]:
    """Run a browser for as long as the context lasts."""
    with TemporaryDirectory() as folder, browsing(path) as browser:
        # A page of a file is a secure context, which ImageDecoder wants.
        page = Path(folder) / "page.html"
        page.write_text("<!doctype html><title>frames</title>")
        yield ChromiumFrames(browser, page)
