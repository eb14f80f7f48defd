"""Decide which renditions one source gets. Pure arithmetic: no pixels are touched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from lib.domain.errors import ErrorCode, Failure
from lib.domain.formats import LARGE_PIXELS, OUTPUTS
from lib.domain.media import ImageProbe
from lib.domain.renditions import Made, RenditionKind
from lib.presets import Box, Fit, ImagePreset

Size = tuple[int, int]
"""Width and height in px."""

ANIMATED = next(name for name, output in OUTPUTS.items() if output.is_animated)


@dataclass(frozen=True, slots=True)
class Target:
    """One rendition to make: `name` with its extension, sizes in px.

    The whole picture is scaled to `whole`; then what sticks out of width × height is cut, or what
    is left of it filled, as `fit` and `position` say. `quality` is 1–100, None for auto.
    """

    name: str
    format: str
    mime: str
    width: int
    height: int
    quality: int | None
    whole: Size
    fit: Fit = Fit.INSIDE
    position: str = "centre"
    animated: bool = False

    @property
    def stem(self) -> str:
        """Return the name without its extension: that of all formats of one shape."""
        return self.name.rpartition(".")[0]


def plan_variants(probe: ImageProbe, preset: ImagePreset) -> tuple[Target, ...]:
    """Return every width and box of the preset in every format, largest first, never upscaled.

    Where the source is narrower than the widest width of the preset, its own width is the largest.
    An animation stays one, as WebP alone, unless the preset says otherwise. `probe` is that of an
    image: it has a width and a height.
    """
    if not probe.width or not probe.height:
        raise ValueError(f"expected the size of an image but received {probe}")
    animated = preset.animated and probe.loops is not None
    formats = (ANIMATED,) if animated else preset.formats
    shapes = sorted(_shapes(probe.width, probe.height, preset), key=_area, reverse=True)
    return tuple(
        Target(
            name=f"{stem}.{OUTPUTS[image_format].extension}",
            format=image_format,
            mime=OUTPUTS[image_format].mime,
            width=size[0],
            height=size[1],
            quality=quality_in(preset, image_format, size),
            whole=whole,
            fit=fit,
            position=position,
            animated=animated,
        )
        for stem, size, whole, fit, position in shapes
        for image_format in formats
    )


def fallback_of(target: Target, preset: ImagePreset) -> Target | None:
    """Return what is made where a target fails, if the preset names a format for that."""
    other = preset.fallback.get(target.format)
    if not other:
        return None
    return replace(
        target,
        name=f"{target.stem}.{OUTPUTS[other].extension}",
        format=other,
        mime=OUTPUTS[other].mime,
        quality=quality_in(preset, other, (target.width, target.height)),
    )


def height_at(width: int, height: int, new_width: int) -> int:
    """Return the height in px that keeps the aspect ratio at a new width; at least 1."""
    return max(1, (height * new_width * 2 + width) // (width * 2))


def quality_in(preset: ImagePreset, image_format: str, size: Size) -> int | None:
    """Return the quality that a preset has for a rendition of `size` px, None for auto.

    It is the preset's own but for large renditions in formats that look the same at less.
    """
    if preset.quality is None:
        return None
    output = OUTPUTS[image_format]
    quality = preset.quality.get(image_format, output.quality)
    is_large = size[0] * size[1] >= LARGE_PIXELS
    return max(1, quality - output.less_where_large) if is_large else quality


def encode_failed(exc: Exception) -> Failure:
    """Describe what an encoder raised."""
    return Failure(ErrorCode.ENCODE_FAILED, str(exc))


def outcome_of(
    target: Target,
    content: bytes | None = None,
    quality: int | None = None,
    error: Failure | None = None,
) -> Made:
    """Return what became of a target."""
    return Made(
        name=target.name,
        kind=RenditionKind.IMAGE,
        mime=target.mime,
        content=content,
        width=target.width,
        height=target.height,
        quality=quality,
        error=error,
    )


Shape = tuple[str, Size, Size, Fit, str]
"""Stem, size, whole, fit, position: as in Target."""


def _shapes(width: int, height: int, preset: ImagePreset) -> Iterator[Shape]:
    for each in {min(each, width) for each in preset.widths}:
        size = (each, height_at(width, height, each))
        yield str(each), size, size, Fit.INSIDE, "centre"
    for box in preset.boxes:
        yield box.name, *_fit(width, height, box), box.fit, box.position


def _fit(width: int, height: int, box: Box) -> tuple[Size, Size]:
    """Return the size of a box's rendition, and that of the whole picture in it.

    A box to be covered that is larger than the source shrinks, in its own shape, until the source
    covers it. One that shall contain the source keeps its size, however small the source is.
    """
    if box.fit is Fit.COVER:
        shrink = min(1, width / box.width, height / box.height)
        size = _scaled(box.width, box.height, shrink)
        covering = max(size[0] / width, size[1] / height)
        fitted = _scaled(width, height, covering)
        return size, (max(size[0], fitted[0]), max(size[1], fitted[1]))
    whole = _scaled(width, height, min(1, box.width / width, box.height / height))
    return ((box.width, box.height) if box.fit is Fit.CONTAIN else whole), whole


def _scaled(width: int, height: int, factor: float) -> Size:
    return max(1, round(width * factor)), max(1, round(height * factor))


def _area(shape: Shape) -> int:
    return shape[2][0] * shape[2][1]
