"""Count the frames of a source, and how long they show, without decoding one of them.

No more than `most` frames and one are counted: a hostile file costs one walk over its bytes.
GIF89a; WebP (RFC 9649); PNG, third edition; TIFF 6.0 and BigTIFF; AVIF (ISO/IEC 14496-12).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace

from PIL import Image

from lib.domain.errors import ErrorCode, PermanentError
from lib.imaging.decoders.apng import read_apng
from lib.imaging.decoders.frames import FrameSequence, Placed, may_become_clear
from lib.imaging.decoders.gif import read_gif
from lib.imaging.decoders.webp import read_frames
from lib.imaging.metadata.avif_track import Track, read_track
from lib.imaging.transparency import has_alpha
from lib.presets import Limits

TOO_SHORT_MS, USUAL_MS = 10, 100
"""Browsers show for 100 ms what asks for 10 ms or less: it was made for slow computers."""

MOST_FRAME_MEGAPIXELS = 25
"""Decoders hold up to six canvases while they compose: 600 MB."""

FOR_EVER = 0
MOST_PLAYS = 65_535
"""What WebP, and so a rendition, can count to."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """How many frames or pages there are; of an animation how long they show, and how often.

    `frames` is None for more pages than are worth counting; `loops` counts plays, 0 for ever, and
    is None for what is no animation.
    """

    frames: int | None = 1
    duration_ms: int | None = None
    loops: int | None = None
    may_become_clear: bool = False
    """Whether a canvas that the first frame fills may be transparent somewhere later on."""
    sequence: FrameSequence | None = None
    """Its frames, where we lay them on each other."""


def shown_ms(delay: float) -> int:
    """Return how long a frame is shown that asks for a delay in ms."""
    return round(delay) if delay > TOO_SHORT_MS else USUAL_MS


def read_timeline(image: Image.Image, data: bytes, container: str, most: int) -> Timeline:
    """Return the timeline of an opened source. Where its bytes end early, so does the count."""
    if container == "tiff":
        return Timeline(_pages(data, most))
    if container == "heif":
        return Timeline(getattr(image, "n_frames", 1))
    if container == "avif":
        frames = getattr(image, "n_frames", 1)
        if frames < 2:
            return Timeline()
        return _sequence(frames, read_track(data, frames), has_alpha(image))
    if container in SEQUENCES:
        sequence = SEQUENCES[container](data, most)
        found = _play(sequence.frames, sequence.plays) if sequence else Timeline()
        return replace(found, sequence=sequence)
    if container == "webp":
        return _play(*read_frames(data, most))
    return Timeline()


def _sequence(frames: int, track: Track | None, may_become_clear: bool) -> Timeline:
    """Return the timeline of an AVIF; the last delay is that of all that follow."""
    if track is None or not track.delays:
        return Timeline(frames, None, FOR_EVER, may_become_clear)
    duration, left = 0, frames
    for samples, delay in (*track.delays, (frames, track.delays[-1][1])):
        duration += min(samples, left) * shown_ms(delay)
        left -= min(samples, left)
    return Timeline(frames, duration, min(track.plays, MOST_PLAYS), may_become_clear)


def _play(frames: Sequence[Placed], plays: int) -> Timeline:
    """Return the timeline of frames; of one alone no more than that it is there."""
    if len(frames) < 2:
        return Timeline()
    duration = sum(shown_ms(frame.delay_ms) for frame in frames)
    return Timeline(len(frames), duration, min(plays, MOST_PLAYS), may_become_clear(frames))


def refuse_long(found: Timeline, canvas: tuple[int, int], limits: Limits) -> None:
    """Raise PermanentError(LIMIT_EXCEEDED) for an animation of too many frames or pixels."""
    if found.loops is None or found.frames is None:
        return
    if found.frames > limits.animation_frames:
        raise PermanentError(
            ErrorCode.LIMIT_EXCEEDED,
            f"an animation of more than {limits.animation_frames} frames, which is the limit",
        )
    largest = found.sequence.largest if found.sequence else canvas
    width, height = (max(sides) for sides in zip(canvas, largest, strict=True))
    if width * height > MOST_FRAME_MEGAPIXELS * 1_000_000:
        raise PermanentError(
            ErrorCode.LIMIT_EXCEEDED,
            f"frames of {width} × {height} px are {width * height / 1e6:.1f} MP each, "
            f"the limit for an animation is {MOST_FRAME_MEGAPIXELS} MP",
        )
    megapixels = width * height * found.frames / 1e6
    if megapixels > limits.animation_megapixels:
        raise PermanentError(
            ErrorCode.LIMIT_EXCEEDED,
            f"{found.frames} frames of {width} × {height} px are {megapixels:.1f} MP, "
            f"the limit is {limits.animation_megapixels} MP",
        )


SEQUENCES = {"gif": read_gif, "png": read_apng}


def _pages(data: bytes, most: int) -> int | None:
    """Follow the chain of directories; None where it is longer than `most`, or a circle."""
    order = "<" if data[:2] == b"II" else ">"
    is_big = 43 in data[2:4]
    number, count, entry, first = ("Q", "Q", 20, 8) if is_big else ("I", "H", 12, 4)
    page = 0
    try:
        (at,) = struct.unpack_from(order + number, data, first)
        while at:
            (entries,) = struct.unpack_from(order + count, data, at)
            (at,) = struct.unpack_from(
                order + number, data, at + struct.calcsize(count) + entries * entry
            )
            page += 1
            if page > most:
                return None
    except (struct.error, OverflowError):  # the end, or far behind it
        pass
    return page or 1
