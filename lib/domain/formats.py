"""The image formats, one record each: what a preset, a page and an encoder have to know of it.

What opens a format is a record in `lib/imaging/decode.py`, what writes it a function in
`lib/imaging/encode.py`: neither is for those who have no pixels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Curve = Sequence[tuple[int, float]]
"""Quality → SSIM in dB, both rising."""


LARGE_PIXELS = 500_000
"""What has as many is a large rendition: of the usual widths those above 640."""


@dataclass(frozen=True, slots=True)
class Output:
    """How renditions of a format come out."""

    preference: int
    """Place among all in a page's `<picture>`, from 1: a browser takes the first that it knows."""

    extension: str
    mime: str
    longest_side: int
    """px: the format's own limit."""

    quality: int
    """1–100, where a preset says none: about equal to the eye."""

    ssim_curve: Curve
    """What quality brings, between 20 and 95: medians of 20 pictures. Those of one picture lie
    above or below, but rise alike."""

    seconds_per_megapixel: float
    """Of an encode on one vCPU, until a process has measured its own."""

    most_megapixels: int | None = None
    """Above which its encoder needs more memory than there is."""

    is_animated: bool = False
    """Whether animations become this format: there is one that every browser plays."""

    is_lossless: bool = False
    """Whether drawings may become lossless in it."""

    less_where_large: int = 0
    """What a rendition of LARGE_PIXELS takes off a preset's quality, to look as good as the other
    formats do at theirs: of some encoders the same quality looks better the larger the picture."""


@dataclass(frozen=True, slots=True)
class ImageFormat:
    """One image format: `name` as `lib.sniff` and presets.toml have it; `output` None if only read.

    A name is stored in catalogs, and `Output.extension` in keys: don't change one.
    """

    name: str
    output: Output | None = None


IMAGE_FORMATS = (
    ImageFormat(
        "jpeg",
        Output(
            preference=3,
            extension="jpg",
            mime="image/jpeg",
            longest_side=65_500,  # libjpeg's
            quality=80,
            ssim_curve=(
                *((20, 9.9), (30, 10.9), (50, 12.3), (65, 13.4), (75, 14.8), (85, 17.1)),
                (95, 23.3),
            ),
            seconds_per_megapixel=0.05,
        ),
    ),
    ImageFormat("png"),
    ImageFormat(
        "webp",
        Output(
            preference=2,
            extension="webp",
            mime="image/webp",
            longest_side=16_383,  # of a VP8 frame header
            quality=78,
            ssim_curve=(
                *((20, 10.4), (30, 11.3), (50, 13.2), (75, 14.8), (85, 17.9), (90, 20.0)),
                (95, 22.7),
            ),
            seconds_per_megapixel=0.3,
            # It holds 20 bytes a pixel, and two encoders may work at once beside a picture of
            # 400 MB. What is very tall comes to that at usual widths; JPEG, which holds 4, is still
            # made of it.
            most_megapixels=30,
            is_animated=True,
            is_lossless=True,
        ),
    ),
    ImageFormat("gif"),
    ImageFormat("tiff"),
    ImageFormat("bmp"),
    ImageFormat("jpeg2000"),
    ImageFormat("psd"),
    ImageFormat("ico"),
    ImageFormat(
        "avif",
        Output(
            preference=1,
            extension="avif",
            mime="image/avif",
            longest_side=32_768,  # of decoders: dav1d and browsers open nothing longer
            quality=60,
            ssim_curve=(
                *((20, 8.0), (30, 9.3), (50, 13.7), (60, 15.6), (75, 18.2), (85, 21.1)),
                (95, 26.5),
            ),
            seconds_per_megapixel=0.3,
            most_megapixels=30,  # as WebP
            less_where_large=5,
        ),
    ),
    ImageFormat("heif"),
)

OUTPUTS: Mapping[str, Output] = dict(
    sorted(
        ((each.name, each.output) for each in IMAGE_FORMATS if each.output),
        key=lambda named: named[1].preference,
    )
)
"""The formats that are made, by name, the best first."""
