"""The port behind which images are decoded and encoded: in children of their own, or here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from lib.domain.clock import Deadline
from lib.domain.media import ImageProbe
from lib.domain.renditions import Made, Placeholder

if TYPE_CHECKING:  # what has no presets of its own, needs none
    from lib.presets import ImagePreset, Limits


@dataclass(frozen=True, slots=True)
class ImageTask:
    """All that the renditions of one image are made from. `container` as sniffed."""

    data: bytes
    container: str
    preset: ImagePreset
    limits: Limits
    watermark: bytes | None = None
    """The file that the preset names."""


STILLS = {".jpg": "jpeg", ".png": "png"}


@dataclass(frozen=True, slots=True)
class Still:
    """A picture that was taken from a video: `container` is `jpeg` or `png`."""

    container: str
    data: bytes

    @classmethod
    def read(cls, path: Path) -> Still:
        """Read a `.jpg` or `.png` file, and nothing of what is in it."""
        return cls(STILLS[path.suffix], path.read_bytes())


@dataclass(frozen=True, slots=True)
class StillStatistics:
    """Of a picture in grey, 0–255: `mean`, standard deviation, variance of edges."""

    mean: float
    contrast: float
    detail: float


@dataclass(frozen=True, slots=True)
class SpriteSheets:
    """Pictures of one size (px) side by side, in JPEGs."""

    size: tuple[int, int]
    sheets: tuple[bytes, ...]


class OpenedImage(Protocol):
    """A decoded source, from which renditions are made when they are asked for."""

    @property
    def probe(self) -> ImageProbe:
        """What was read from it, the perceptual hash included; `loops` only of an animation."""
        ...

    @property
    def placeholder(self) -> Placeholder:
        """What a page shows before a rendition arrives."""
        ...

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in px of what is kept of it, which may be smaller than the source."""
        ...

    def make_renditions(self) -> Iterator[Made]:
        """Make what `variants.plan_variants` plans, in its order. Raises what decoding does."""
        ...

    def film_frames(self, size: tuple[int, int]) -> Iterator[tuple[bytes, int]]:
        """Yield each frame of an animation as rows of RGB bytes in a size, and its ms.

        After `make_renditions`. Raises what decoding does.
        """
        ...


class Images(Protocol):
    """Where images are decoded and encoded: `lib.adapters.sandbox`, or in this process."""

    def is_animation(self, task: ImageTask, deadline: Deadline) -> bool:
        """Tell whether `open` will find an animation; no pixels are decoded. Raises as it does."""
        ...

    def open(self, task: ImageTask, deadline: Deadline) -> AbstractContextManager[OpenedImage]:
        """Decode a source for as long as the context lasts.

        Raises PermanentError: LIMIT_EXCEEDED, CORRUPT_MEDIA, UNSUPPORTED_MEDIA; TransientError.
        """
        ...

    def measure_stills(self, stills: Sequence[Still], deadline: Deadline) -> list[StillStatistics]:
        """Decode and measure pictures. Raises as `open` does."""
        ...

    def make_sprite_sheets(
        self, tiles: Sequence[Still], columns: int, rows: int, deadline: Deadline
    ) -> SpriteSheets:
        """Put pictures of one size on sheets, as many as fit on each. Raises as `open` does."""
        ...
