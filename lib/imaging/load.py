"""Read one source: header, limits, pixels, then the steps."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from lib.imaging.color.cicp import add_profile
from lib.imaging.decode import DECODERS, blaming_the_source, open_header
from lib.imaging.decoders.frames import decode_frames
from lib.imaging.decoders.timeline import read_timeline, refuse_long
from lib.imaging.metadata.header import read_header
from lib.imaging.normalize import STEPS
from lib.imaging.picture import Animation, Picture
from lib.presets import Limits


def read_picture(
    data: bytes,
    container: str,
    limits: Limits,
    *,
    widest: int | None = None,
    tallest: int = 0,
) -> Picture:
    """Decode a source into upright sRGB pixels; of an animation the first frame.

    `container` as sniffed: no other decoder is tried. `widest` and `tallest` (px, after
    orientation) are the largest width and height that anybody will ask of the picture: what is
    larger in both is decoded and kept smaller. `widest` None keeps all.
    Raises PermanentError: LIMIT_EXCEEDED from the header alone, CORRUPT_MEDIA, UNSUPPORTED_MEDIA.
    """
    source = open_header(data, container, limits)
    decoder = DECODERS[container]
    with blaming_the_source(container):
        found = read_timeline(source, data, container, limits.animation_frames)
        refuse_long(found, source.size, limits)
        add_profile(source, data, container)
        header = read_header(source, container, widest, tallest)
        if decoder.reduce:
            extent = decoder.reduce(source, data, header.stored_size)
            header = replace(header, extent=extent)
        image = decoder.decode(source)
    del source  # each step's input can go when the next has its own
    for step in STEPS:
        image = step(image, header)
    animation = None
    if found.frames and found.loops is not None:
        frames = partial(decode_frames, data, container, limits, header, found.frames)
        animation = Animation(frames, found.loops)
    return Picture(
        image,
        replace(
            header.facts,
            width=header.width,
            height=header.height,
            frames=found.frames,
            duration_ms=found.duration_ms,
            loops=found.loops,
            format=container,
            orientation=header.orientation,
            has_alpha=image.mode in ("LA", "RGBA"),
            color_space=header.color_space,
        ),
        animation,
    )
