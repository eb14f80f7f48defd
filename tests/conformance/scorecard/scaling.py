"""Rows about scaling: every size as one step of Lanczos would have it."""

from __future__ import annotations

import io
from collections.abc import Iterator

from PIL import Image

from tests.conformance.scorecard.case import Case, Options
from tests.conformance.scorecard.judges import as_by_lanczos, rgb
from tests.support.images import MEDIA, save

EXACT: Options = {"formats": ("jpeg",), "quality": {"jpeg": 100}}
"""What is lost is lost in scaling."""


def cases() -> Iterator[Case]:
    """Build the rows."""
    file = (MEDIA / "hubble.jpg").read_bytes()
    with Image.open(MEDIA / "hubble.jpg") as image:
        photo = image.convert("RGB")
    yield from _cascade(file, photo)
    odd = photo.resize((803, 699), Image.Resampling.LANCZOS)
    source = save(odd, "jpeg", quality=95)
    small: Options = {**EXACT, "widths": (200,)}
    asked: Options = {"quality": 100, "resize": {"width": 200}}
    name = "scaled: JPEG of odd sides, SSIM 0.99"
    with Image.open(io.BytesIO(source)) as image:
        image.load()
    yield Case(name, source, as_by_lanczos(image), small, asked)
    checks = Image.new("1", (512, 512))
    checks.putdata([(x + y) % 2 * 255 for y in range(512) for x in range(512)])
    for mode, kind in (("1", "1 bit"), ("P", "a palette")):
        source = save(checks.convert("RGB").quantize(2) if mode == "P" else checks, "png")
        yield Case(f"scaled: {kind} becomes greys", source, is_grey, small, asked)


def is_grey(content: bytes) -> bool:
    """Tell whether black and white were mixed, and nothing of them is left."""
    found = rgb(content).convert("L").tobytes()
    return 110 <= min(found) <= max(found) <= 145


def _cascade(file: bytes, photo: Image.Image) -> Iterator[Case]:
    widths = (800, 500, 320, 200)
    for last in range(1, len(widths) + 1):
        width = widths[last - 1]
        yield Case(
            f"scaled: {width} px, number {last} of a cascade, SSIM 0.99",
            file,
            as_by_lanczos(photo),
            {**EXACT, "widths": widths[:last]},
            {"quality": 100, "resize": {"width": width}},
            last=True,
        )
