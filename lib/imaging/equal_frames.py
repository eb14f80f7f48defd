"""Give an animated WebP back the frames that look like the one before them (RFC 9649, 2.7).

libwebp's encoder merges those into one that shows longer, and an animation of nothing else into a
still. Who counts frames, or goes through them one by one, would miss them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from io import BytesIO
from itertools import pairwise

from PIL import Image

from lib.imaging.decoders.webp import (
    ANIMATED,
    DISPOSED,
    FLAGS,
    FRAME_BYTES,
    NOT_BLENDED,
    may_be_clear,
)
from lib.imaging.riff import RIFF_HEAD, read_chunks, write_webp
from lib.imaging.variants import Size

ALPHA, EXIF = 0x10, 0x08
"""Flags of VP8X, beside that of an animation."""

PLACE_BYTES, DELAY_BYTES = 12, 3
PIXEL = (1, 1)


@dataclass(frozen=True, slots=True)
class _Frame:
    """One frame as it lies in the file. `place`: left and top in half px, sides less one."""

    place: bytes
    delay: int
    flags: int
    picture: bytes

    @classmethod
    def read(cls, content: bytes) -> _Frame:
        delay = int.from_bytes(content[PLACE_BYTES : PLACE_BYTES + DELAY_BYTES], "little")
        flags = content[FRAME_BYTES - 1]
        return cls(content[:PLACE_BYTES], delay, flags, content[FRAME_BYTES:])

    def write(self) -> bytes:
        head = self.place + self.delay.to_bytes(DELAY_BYTES, "little") + bytes([self.flags])
        return _chunk(b"ANMF", head + self.picture)

    @property
    def size(self) -> Size:
        width, height = (
            int.from_bytes(self.place[at : at + 3], "little") + 1 for at in (6, PLACE_BYTES - 3)
        )
        return width, height


def restore_equal_frames(content: bytes, size: Size, times: Sequence[int], loops: int) -> bytes:
    """Return a WebP of `size` px with a frame from each of some times to the next, in ms.

    What was merged is followed by frames that change nothing, of some 40 bytes each. `loops` is 0
    for ever. One that was not made of such frames comes back as it is.
    """
    chunks = [(kind, content[start:end]) for kind, start, end in read_chunks(content)]
    frames = [_Frame.read(each) for kind, each in chunks if kind == b"ANMF"]
    if len(frames) == len(times) - 1:
        return content
    frames = frames or [_still(chunks, size, times[-1])]
    split = [each for frame, ends in _shared(frames, times) for each in _split(frame, ends)]
    if len(split) != len(times) - 1:
        return content
    exif = b"".join(_chunk(kind, each) for kind, each in chunks if kind == b"EXIF")
    is_clear = _has_alpha(content, frames)
    flags = ANIMATED | (ALPHA if is_clear else 0) | (EXIF if exif else 0)
    body = _chunk(b"VP8X", bytes((flags, 0, 0, 0)) + _side(size[0]) + _side(size[1]))
    body += _chunk(b"ANIM", struct.pack("<IH", 0, loops))
    body += b"".join(frame.write() for frame in split) + exif
    return write_webp(body)


def _still(chunks: Sequence[tuple[bytes, bytes]], size: Size, end: int) -> _Frame:
    """Return the one frame that all were merged into."""
    pictures = (_chunk(kind, each) for kind, each in chunks if kind in (b"ALPH", b"VP8 ", b"VP8L"))
    place = bytes(6) + _side(size[0]) + _side(size[1])
    return _Frame(place, end, NOT_BLENDED, b"".join(pictures))


def _has_alpha(content: bytes, frames: Sequence[_Frame]) -> bool:
    """Tell whether a file says that it has transparency, or the one picture of a simple file."""
    if content[RIFF_HEAD.size : RIFF_HEAD.size + 4] == b"VP8X":
        return bool(content[FLAGS] & ALPHA)
    return may_be_clear(frames[0].picture, 0)


def _shared(frames: Sequence[_Frame], times: Sequence[int]) -> Iterator[tuple[_Frame, list[int]]]:
    """Yield each frame with the times within it: of its beginning, of those merged, of its end."""
    index = at = 0
    for frame in frames:
        until, inside = at + frame.delay, [at]
        while index + 1 < len(times) and times[index + 1] <= until:
            index += 1
            inside.append(times[index])
        yield frame, inside
        at = until


def _split(frame: _Frame, times: Sequence[int]) -> Iterator[_Frame]:
    """Yield a frame, and others that change nothing, and clear at the end what it would."""
    delays = [after - before for before, after in pairwise(times)]
    if len(delays) < 2:
        yield frame
        return
    yield replace(frame, delay=delays[0], flags=frame.flags & ~DISPOSED)
    for delay in delays[1:-1]:
        yield _hold(PIXEL, delay)
    if frame.flags & DISPOSED:
        yield replace(_hold(frame.size, delays[-1]), place=frame.place, flags=DISPOSED)
    else:
        yield _hold(PIXEL, delays[-1])


def _hold(size: Size, delay: int) -> _Frame:
    """Return a frame through which all is seen."""
    place = bytes(6) + _side(size[0]) + _side(size[1])
    return _Frame(place, delay, 0, _clear_picture(size))


@lru_cache(maxsize=4)
def _clear_picture(size: Size) -> bytes:
    file = BytesIO()
    Image.new("RGBA", size).save(file, "webp", lossless=True, method=0, quality=0)
    return file.getvalue()[RIFF_HEAD.size :]


def _side(length: int) -> bytes:
    return (length - 1).to_bytes(3, "little")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)
