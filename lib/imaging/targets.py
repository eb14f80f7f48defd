"""Decide which renditions one source gets. Pure arithmetic: no pixels are touched."""

from __future__ import annotations

from dataclasses import dataclass

from lib.imaging.resize import height_at
from lib.model import Probe
from lib.presets import ImagePreset

EXTENSIONS = {"avif": "avif", "webp": "webp", "jpeg": "jpg"}


@dataclass(frozen=True, slots=True)
class Target:
    """One rendition to make: `name` with its extension, sizes in px, `quality` 1–100."""

    name: str
    format: str
    mime: str
    width: int
    height: int
    quality: int


def plan(probe: Probe, preset: ImagePreset) -> tuple[Target, ...]:
    """Return every width of the preset in every format, largest first, never upscaled.

    Where the source is narrower than the widest width of the preset, its own width is the largest.
    `probe` is that of an image: it has a width and a height.
    """
    if not probe.width or not probe.height:
        raise ValueError(f"expected the size of an image but received {probe}")
    widths = sorted({min(width, probe.width) for width in preset.widths}, reverse=True)
    return tuple(
        Target(
            name=f"{width}.{EXTENSIONS[image_format]}",
            format=image_format,
            mime=f"image/{image_format}",
            width=width,
            height=height_at(probe.width, probe.height, width),
            quality=preset.quality[image_format],
        )
        for width in widths
        for image_format in preset.formats
    )
