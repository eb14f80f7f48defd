"""Read one source: header, limits, pixels, then the steps."""

from __future__ import annotations

from dataclasses import replace

from PIL import Image

from lib.imaging.decode import blaming_the_source, decode_smaller, open_header
from lib.imaging.header import read_header
from lib.imaging.picture import Picture
from lib.imaging.steps import STEPS
from lib.model import Probe
from lib.presets import Limits


def read(data: bytes, container: str, limits: Limits, *, widest: int | None = None) -> Picture:
    """Decode a source into upright sRGB pixels.

    `container` as sniffed: no other decoder is tried. `widest` (px, after orientation) is the
    largest width that anybody will ask of the picture: what is wider is decoded and kept smaller.
    Raises PermanentError: LIMIT_EXCEEDED from the header alone, CORRUPT_MEDIA, UNSUPPORTED_MEDIA.
    """
    source = open_header(data, container, limits)
    with blaming_the_source(container):
        header = read_header(source, container, widest)
        if container == "jpeg":
            header = replace(header, extent=decode_smaller(source, header.stored_size))
        source.load()
    image: Image.Image = source
    for step in STEPS:
        image = step(image, header)
    return Picture(
        image,
        Probe(
            width=header.width,
            height=header.height,
            frames=header.frames,
            format=container,
            orientation=header.orientation,
            has_alpha=image.mode in ("LA", "RGBA"),
            color_space=header.color_space,
            captured_at=header.captured_at,
            camera=header.camera,
        ),
    )
