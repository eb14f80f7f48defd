"""An animation as the plain frames of a film: what whoever encodes video needs to know of it."""

from __future__ import annotations

from collections.abc import Iterator

from lib.imaging.decode import blaming_the_source, open_header
from lib.imaging.decoders.timeline import read_timeline
from lib.imaging.encode import flatten
from lib.imaging.picture import Picture
from lib.imaging.resize import resize
from lib.imaging.transform import Transform
from lib.imaging.variants import Size, Target
from lib.presets import Limits


def is_animation(data: bytes, container: str, limits: Limits) -> bool:
    """Tell from a source's bytes whether `read` will find an animation; nothing is decoded.

    Raises what `read` does.
    """
    source = open_header(data, container, limits)
    with blaming_the_source(container):
        return read_timeline(source, data, container, limits.animation_frames).loops is not None


def film_frames(picture: Picture, size: Size, transform: Transform) -> Iterator[tuple[bytes, int]]:
    """Yield each frame of an animation as rows of RGB bytes in a size (px), and its time in ms.

    Finished as the preset says; what is transparent lies on its background. Raises what reading
    the frames does.
    """
    assert picture.animation
    target = Target("film", "rgb", "video/raw", *size, quality=None, whole=size)
    for frame, shown_ms in picture.animation.frames():
        finished = transform(resize(frame, size), target)
        yield flatten(finished, transform.preset.background).convert("RGB").tobytes(), shown_ms
