"""A source as pixels: upright, sRGB, with everything else stripped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PIL import Image

from lib.domain.media import Probe

Frames = Callable[[], Iterator[tuple[Image.Image, int]]]
"""Decodes an animation from its start: each frame as a full picture, and its time in ms."""


@dataclass(frozen=True, slots=True)
class Animation:
    """An animated source. `frames()` can be called again; it holds one frame at a time."""

    frames: Frames
    loops: int
    """How often it is played; 0 for ever."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded source: mode L, LA, RGB or RGBA, sRGB, upright, perhaps smaller than the source.

    `probe` tells the true size. `image` is the first frame of an animation.
    """

    image: Image.Image
    probe: Probe
    animation: Animation | None = None
