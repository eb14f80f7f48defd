"""Read one source: header, limits, pixels, then the steps; of an animation each frame anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from PIL import Image

from lib.domain.media import ImageProbe, WarningCode
from lib.imaging.color.cicp import add_profile
from lib.imaging.completeness import is_complete, read_warnings, warn
from lib.imaging.decode import DECODERS, blaming_the_source, open_header, refuse_larger
from lib.imaging.decoders.frames import FrameSequence, compose
from lib.imaging.metadata.header import Header, read_header
from lib.imaging.metadata.timeline import read_timeline, refuse_long, shown_ms
from lib.imaging.normalize import STEPS
from lib.imaging.transparency import has_alpha, shows_through
from lib.presets import Limits

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
    probe: ImageProbe
    animation: Animation | None = None


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
        add_profile(source, container)
        header = read_header(source, container, widest, tallest)
        if decoder.reduce:
            extent = decoder.reduce(source, data, header.stored_size)
            header = replace(header, extent=extent)
        refuse_larger(source.size, limits.decoded_megapixels, "the limit of what is decoded")
        if found.sequence and found.sequence.missing:
            warn(source, WarningCode.INCOMPLETE, found.sequence.missing)
        warnings = read_warnings(source)
        if found.sequence and found.sequence.picture_is_apart and found.sequence.frames:
            image = next(compose(found.sequence.size, found.sequence.frames))
        else:
            image = decoder.decode(source)
        warnings = tuple(dict.fromkeys((*warnings, *read_warnings(image))))
        del source  # each step's input can go when the next has its own
        for step in STEPS:
            image = step(image, header)
    animation, is_clear = None, has_alpha(image)
    if found.frames and found.loops is not None:
        if found.sequence:
            canvases = partial(_compose, found.sequence, container)
        else:
            canvases = partial(_seek_frames, data, container, limits, found.frames)
        animation = Animation(partial(_finish, canvases, header), found.loops)
        if not is_clear and found.may_become_clear:
            is_clear = any(shows_through(canvas) for canvas, _ in canvases())
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
            has_alpha=is_clear,
            color_space=header.color_space,
            complete=is_complete(warnings),
            warnings=warnings,
        ),
        animation,
    )


def _finish(canvases: Frames, header: Header) -> Iterator[tuple[Image.Image, int]]:
    """Yield each frame as a whole picture (L, LA, RGB or RGBA, sRGB, upright), and its ms.

    No more than one of them is held beside its canvas. All have the size of the picture that the
    header describes. Raises PermanentError(CORRUPT_MEDIA).
    """
    for frame, shown in canvases():
        for step in STEPS:
            frame = step(frame, header)
        yield frame, shown


def _compose(sequence: FrameSequence, container: str) -> Iterator[tuple[Image.Image, int]]:
    """Yield the canvas after each frame, laid by us."""
    canvases = compose(sequence.size, sequence.frames)
    for frame in sequence.frames:
        with blaming_the_source(container):
            canvas = next(canvases)
        yield canvas, shown_ms(frame.delay_ms)


def _seek_frames(
    data: bytes, container: str, limits: Limits, count: int
) -> Iterator[tuple[Image.Image, int]]:
    """Yield the canvas after each frame, laid by the decoder."""
    source = open_header(data, container, limits)
    canvas = source.size
    for index in range(count):
        with blaming_the_source(container):
            source.seek(index)
            source.load()
            delay = shown_ms(source.info.get("duration", 0))
            frame = source if source.size == canvas else source.crop((0, 0, *canvas))
        yield frame, delay


def is_animation(data: bytes, container: str, limits: Limits) -> bool:
    """Tell from a source's bytes whether `read_picture` will find an animation; nothing is decoded.

    Raises what `read_picture` does.
    """
    source = open_header(data, container, limits)
    with blaming_the_source(container):
        return read_timeline(source, data, container, limits.animation_frames).loops is not None
