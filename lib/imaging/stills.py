"""Read the small pictures that were taken from a video, and measure which of them show something.

They are the pipeline's own files: plain, upright, sRGB.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from PIL import Image, ImageFilter, ImageStat

from lib.imaging.decode import DECODERS, blaming_the_source
from lib.imaging.picture import Picture
from lib.model import Probe

CONTAINERS = {".jpg": "jpeg", ".png": "png"}

SIDE = 256
"""Longest side in px that is measured: a blur that is not seen at this size does no harm."""

LAPLACIAN = ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=4, offset=128)
"""The second derivative in both directions. Its variance as a measure of focus: J. L. Pech-Pacheco
and others, "Diatom autofocusing in brightfield microscopy: a comparative study" (2000)."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a picture looks like in grey, 0–255: `mean`, standard deviation, variance of edges."""

    mean: float
    contrast: float
    detail: float


def read_still(path: Path) -> Picture:
    """Decode a `.jpg` or `.png` file. Raises PermanentError(CORRUPT_MEDIA)."""
    container = CONTAINERS[path.suffix]
    module, name = DECODERS[container]
    with blaming_the_source(container):
        decoded = getattr(import_module(module), name)(io.BytesIO(path.read_bytes()))
        image: Image.Image = decoded.convert("RGB")
    return Picture(image, Probe(width=image.width, height=image.height))


def measure(picture: Picture) -> Look:
    """Measure a picture at a small size."""
    grey = picture.image.convert("L")
    grey.thumbnail((SIDE, SIDE), Image.Resampling.BOX)
    edges = grey.filter(LAPLACIAN)
    if min(edges.size) > 2:
        # The filter leaves the outermost pixels as they were.
        edges = edges.crop((1, 1, edges.width - 1, edges.height - 1))
    found = ImageStat.Stat(grey)
    return Look(found.mean[0], found.stddev[0], ImageStat.Stat(edges).var[0])
