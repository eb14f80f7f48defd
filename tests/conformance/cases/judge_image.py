"""Judge what an image became: the catalog entry by its values, renditions by Pillow."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, ImageSequence

from lib.cli.html import element
from lib.domain.asset import Asset
from lib.domain.renditions import Rendition, RenditionKind
from lib.imaging.port import Images
from tests.conformance.cases.case import Case, Check, Facts, compare, expect
from tests.conformance.cases.judge_end import ENDS
from tests.media import case_images
from tests.support.image_uploads import PACKAGED, upload

COLOR_LEVELS = 10
ALPHA_LEVELS = 8
SEEN_ALPHA = 40
"""From which alpha on a colour is looked at."""

DEGREES = 1e-4
ABSENT = "absent"
BOXES = ("thumb",)
"""Renditions of a shape of their own."""

TRACES = ("exif", "xmp", "comment", "photoshop", "Comment", "XML:com.adobe.xmp")
"""What Pillow calls metadata in renditions."""


@dataclass(frozen=True, slots=True)
class MadeImage:
    """The catalog entry of a source, and what is stored of it, by key."""

    asset: Asset
    stored: dict[str, bytes]

    def made(self) -> list[Rendition]:
        return [each for each in self.asset.renditions if each.key and not each.error]

    def content(self, rendition: Rendition) -> bytes:
        assert rendition.key
        return self.stored[rendition.key]

    def played(self) -> int:
        """Return how many frames the source has."""
        return getattr(self.asset.probe, "frames", None) or 1

    def frames(self) -> list[Image.Image]:
        """Return the composed frames of the widest WebP, else of the widest JPEG.

        Frames that are like the one before are one in a WebP, which lasts longer.
        """
        wide = sorted(
            (each for each in self.made() if not each.name.startswith(BOXES)),
            key=lambda each: (each.mime == "image/webp", each.mime == "image/jpeg", each.width),
        )
        if not wide:
            return []
        with Image.open(BytesIO(self.content(wide[-1]))) as opened:
            found = [
                (frame.convert("RGBA"), frame.info.get("duration", 0))
                for frame in ImageSequence.Iterator(opened)
            ]
        if len(found) in (1, self.played()):
            return [frame for frame, _ in found]
        each_ms = sum(lasts for _, lasts in found) / self.played()
        return [frame for frame, lasts in found for _ in range(round(lasts / each_ms))]


def content_of(case: Case) -> bytes:
    """Return the bytes of a case, which are made where there is no file."""
    return case.path.read_bytes() if case.path.is_file() else case_images.MAKERS[case.name]()


def judge_image(case: Case, images: Images) -> list[str]:
    """Take a file through the service's steps, return what differs from its right values."""
    try:
        asset, stored = upload(case.name, content_of(case), images, PACKAGED)
    except Exception as exc:
        return [f"raised {type(exc).__name__}: {exc}"]
    differences = compare(MadeImage(asset, stored), case.facts, find_check)
    if differences and asset.error:
        differences.append(f"({asset.error.code}: {asset.error.message})")
    return differences


def find_check(key: str) -> Check | None:
    """Return the check of a key, None where there is none."""
    if re.fullmatch(r"points(_in_frame_\d+)?", key):
        return _points(int(key.rpartition("_")[2]) if "_" in key else 0, key)
    return _CHECKS.get(key) or _probe_check(key)


def _points(number: int, key: str) -> Check:
    def check(made: MadeImage, expected: Sequence[Sequence[float]], _: Facts) -> Iterator[str]:
        frames = made.frames()
        played = made.played()
        if not frames or played <= number:
            yield f"{key}: there are {min(played, len(frames))} frames"
            return
        frame = frames[min(number, len(frames) - 1)]
        for x, y, *wanted in expected:
            place = (int(x * frame.width), int(y * frame.height))
            received = frame.getpixel(place)
            assert isinstance(received, tuple)
            if not _alike(received, wanted):
                yield f"{key}: expected {wanted} at {x}, {y} but received {list(received)}"

    return check


def _alike(received: Sequence[float], wanted: Sequence[float]) -> bool:
    *color, alpha = wanted
    if alpha >= 0 and abs(received[3] - alpha) > ALPHA_LEVELS:
        return False
    if max(alpha, received[3]) < SEEN_ALPHA:
        return True
    pairs = zip(received, color, strict=False)
    return all(level < 0 or abs(found - level) <= COLOR_LEVELS for found, level in pairs)


def _openable(made: MadeImage, expected: bool, _: Facts) -> Iterator[str]:
    for each in made.made():
        if each.kind is RenditionKind.IMAGE and _opens(made.content(each)) is not expected:
            yield f"openable: {each.name} is {'not ' if expected else ''}decoded"


def _opens(content: bytes) -> bool:
    try:
        with Image.open(BytesIO(content)) as opened:
            opened.load()
    except (OSError, ValueError, SyntaxError):
        return False
    return opened.format != "AVIF" or max(opened.size) <= LONGEST_AVIF


LONGEST_AVIF = 32768
"""px; Chromium opens none that is wider or higher, whatever Pillow does."""


def _no_metadata(made: MadeImage, expected: bool, _: Facts) -> Iterator[str]:
    for each in made.made():
        with Image.open(BytesIO(made.content(each))) as opened:
            found = [name for name in TRACES if opened.info.get(name)]
        if bool(found) is expected:
            yield f"no_metadata: {each.name} has {', '.join(found) or 'none'}"


def _html_background(made: MadeImage, expected: bool, _: Facts) -> Iterator[str]:
    if not made.made():
        yield "html_background: there is nothing to show"
        return
    yield from expect("html_background", "background:" in element(made.asset), expected)


def _durations(made: MadeImage, expected: list[int], _: Facts) -> Iterator[str]:
    received = []
    for each in made.made():
        if each.mime == "image/webp" and each.frames and not each.name.startswith(BOXES):
            with Image.open(BytesIO(made.content(each))) as opened:
                received = [frame.info["duration"] for frame in ImageSequence.Iterator(opened)]
    yield from expect("durations", received, expected)


def _loops(made: MadeImage, expected: int, _: Facts) -> Iterator[str]:
    yield from expect("loops", getattr(made.asset.probe, "loops", None), expected)
    for each in made.made():
        if each.mime == "image/webp" and each.frames:
            with Image.open(BytesIO(made.content(each))) as opened:
                yield from expect(f"loops of {each.name}", opened.info.get("loop"), expected)


def _probe_check(key: str) -> Check | None:
    def check(made: MadeImage, expected: Any, _: Facts) -> Iterator[str]:
        received = getattr(made.asset.probe, key, None)
        if isinstance(expected, float) and isinstance(received, float):
            received = expected if abs(received - expected) < DEGREES else received
        yield from expect(key, received, None if expected == ABSENT else expected)

    return check if key in PROBED else None


PROBED = frozenset(
    {
        *("width", "height", "frames", "has_alpha", "color_space", "orientation", "format"),
        *("captured_at", "duration_ms", "hdr", "camera", "lens", "copyright"),
        *("latitude", "longitude", "altitude_m", "iso", "f_number", "exposure_s"),
        "focal_length_mm",
    }
)

_CHECKS: dict[str, Check] = {
    **ENDS,
    "openable": _openable,
    "no_metadata": _no_metadata,
    "html_background": _html_background,
    "durations": _durations,
    "loops": _loops,
}

IMAGES = Path(__file__).with_name("images")
