"""Decode an animation frame by frame, each through the same steps as a still image."""

from __future__ import annotations

from collections.abc import Iterator

from PIL import Image

from lib.imaging.decode import blaming_the_source, open_header
from lib.imaging.decoders.timeline import shown_ms
from lib.imaging.metadata.header import Header
from lib.imaging.normalize import STEPS
from lib.presets import Limits


def decode_frames(
    data: bytes, container: str, limits: Limits, header: Header, count: int
) -> Iterator[tuple[Image.Image, int]]:
    """Yield each frame as a whole picture (L, LA, RGB or RGBA, sRGB, upright), and its ms.

    The decoder composes them; no more than one of them is held beside its canvas. All have the
    size of the picture that the header describes. Raises PermanentError(CORRUPT_MEDIA).
    """
    source = open_header(data, container, limits)
    canvas = source.size
    # The picture of an animated PNG that others show need not be part of the animation.
    first = int(getattr(source, "default_image", False))
    for index in range(first, first + count):
        with blaming_the_source(container):
            source.seek(index)
            source.load()
            delay = shown_ms(source.info.get("duration", 0))
            frame = source if source.size == canvas else source.crop((0, 0, *canvas))
        for step in STEPS:
            frame = step(frame, header)
        yield frame, delay
