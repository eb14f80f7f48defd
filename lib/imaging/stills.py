"""Read the small pictures that were taken from a video, and measure which of them show something.

They are the pipeline's own files: plain, upright, sRGB.
"""

from __future__ import annotations

import io

from PIL import Image, ImageFilter, ImageStat

from lib.domain.media import Probe
from lib.imaging.decode import DECODERS, blaming_the_source
from lib.imaging.images import Look, Still
from lib.imaging.picture import Picture

SIDE = 256
"""Longest side in px that is measured: a blur that is not seen at this size does no harm."""

LAPLACIAN = ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=4, offset=128)
"""The second derivative in both directions. Its variance as a measure of focus: J. L. Pech-Pacheco
and others, "Diatom autofocusing in brightfield microscopy: a comparative study" (2000)."""


def read_still(still: Still) -> Picture:
    """Decode a picture. Raises PermanentError(CORRUPT_MEDIA)."""
    with blaming_the_source(still.container):
        decoded = DECODERS[still.container].open(io.BytesIO(still.data))
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
