"""What others show of an image or a video: sharp, ffmpeg alone, Chromium."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from tests.conformance.streams.browser import Browser, browsing, find_browser
from tests.conformance.streams.server import serve
from tests.support.ffmpeg_binary import find_ffmpeg

HERE = Path(__file__).parent
PEER = HERE.parents[1] / "bench" / "sharp"
FRAMES = 4
"""At most, of an animation."""

SECONDS = 60

Frames = list[Image.Image]
"""RGBA; none where a file is refused."""


def sharp_shows(paths: Sequence[Path], folder: Path) -> list[Frames]:
    """Decode images with sharp, all in one process. Raises CalledProcessError."""
    (folder / "names.json").write_text(json.dumps([str(path) for path in paths]))
    command = [shutil.which("node") or "node", *map(str, (HERE / "shown.mjs", folder, PEER))]
    subprocess.run(command, check=True, timeout=SECONDS)
    return [_read_raw(folder / str(index)) for index in range(len(paths))]


def _read_raw(path: Path) -> Frames:
    if not (described := path.with_suffix(".json")).is_file():
        return []
    found = json.loads(described.read_text())
    size, content = (found["width"], round(found["height"])), path.with_suffix(".raw").read_bytes()
    each = size[0] * size[1] * 4
    return [
        Image.frombytes("RGBA", size, content[at : at + each])
        for at in range(0, min(len(content), FRAMES * each), each)
    ]


def ffmpeg_shows(path: Path) -> Frames:
    """Decode an image with ffmpeg, as its command line does by itself."""
    wanted = [
        "-fps_mode",
        "passthrough",
        "-frames:v",
        str(FRAMES),
        "-pix_fmt",
        "rgba",
        "-f",
        "image2pipe",
        "-c:v",
        "pam",
        "-",
    ]
    command = [find_ffmpeg(), "-v", "error", "-nostdin", "-i", f"file:{path}", *wanted]
    content = subprocess.run(command, capture_output=True, check=False, timeout=SECONDS).stdout
    return list(_read_pam(content))


def _read_pam(content: bytes) -> Iterator[Image.Image]:
    """Yield what is written one after the other: https://netpbm.sourceforge.net/doc/pam.html."""
    while content:
        header, _, content = content.partition(b"ENDHDR\n")
        said = dict(line.split(b" ", 1) for line in header.splitlines() if b" " in line)
        size = int(said[b"WIDTH"]), int(said[b"HEIGHT"])
        length = size[0] * size[1] * 4
        yield Image.frombytes("RGBA", size, content[:length])
        content = content[length:]


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a browser beside a folder's files."""

    browser: Browser
    address: str

    def show_image(self, name: str) -> Frames:
        shown = self._call(f"showImage('/{name}')")
        return [_picture(each) for each in shown or ()]

    def show_video(self, name: str, at_s: float) -> Mapping[str, Any] | None:
        """Return width and height in px, duration in s, and a frame where there is a picture."""
        shown = self._call(f"showVideo('/{name}', {at_s})")
        if shown and shown["frame"]:
            shown["frame"] = _picture(shown["frame"]).convert("RGB")
        found: Mapping[str, Any] | None = shown
        return found

    def _call(self, call: str) -> Any:
        module = "import('/in_page.mjs')"
        try:
            return self.browser.evaluate(
                f"{self.address}/shown.html", f"{module}.then(p => p.{call})"
            )
        except (RuntimeError, TimeoutError):
            return None


@contextmanager
def open_page(paths: Sequence[Path], folder: Path) -> Iterator[Page]:
    """Serve copies of files, and open a browser on them. Raises SystemExit where there is none."""
    browser = find_browser()
    if not browser:
        raise SystemExit("expected a browser: apt install chromium")
    for path in (*paths, HERE / "in_page.mjs", HERE / "shown.html"):
        shutil.copy(path, folder)
    with serve(folder) as address, browsing(browser) as running:
        yield Page(running, address)


def _picture(url: str) -> Image.Image:
    return Image.open(BytesIO(base64.b64decode(url.partition(",")[2]))).convert("RGBA")
