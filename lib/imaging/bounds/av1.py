"""AV1: the coded size, and the frames in an item (AV1 bitstream specification, section 5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lib.imaging.bounds.bits import Bits
from lib.imaging.variants import Size

SEQUENCE, FRAME_HEADER, FRAME = 1, 3, 6
CONFIGURATION_BYTES = 4
"""Of av1C, before its OBUs."""
HIGH_BIT_DEPTH = 0x40
"""In its third byte."""

HEADER_BYTES = 400
CHOSEN = 2
"""What a sequence leaves to each frame: SELECT_SCREEN_CONTENT_TOOLS, SELECT_INTEGER_MV."""

KEY, SWITCH = 0, 3
MOST_LEB128 = 8
HIGH, PROFESSIONAL = 1, 2
"""Profiles of more than 4:2:0."""


@dataclass(slots=True)
class Sequence:
    """What of a sequence header is needed to find a frame's own size."""

    size: Size
    largest: Size
    """What the bits can say in which a frame that overrides the size has its own."""

    reduced: bool = False
    presentation_bits: int = 0
    """Of the time that a shown frame may have."""

    id_bits: int = 0
    screen_content: int = CHOSEN
    integer_motion: int = CHOSEN
    code_points: tuple[int, int] | None = None
    """Of primaries and transfer (ITU-T H.273), where they are there."""


@dataclass(slots=True)
class Coded:
    """The largest size (px) in some OBUs, and how many frames they hold, shown or not."""

    size: Size = (0, 0)
    frames: int = 0
    sequence: Sequence | None = None

    def read(self, data: bytes) -> None:
        """Read the OBUs of one more configuration, item or sample. What is cut short is passed."""
        for kind, start, end in _units(data):
            try:
                self._add(kind, data[start : min(end, start + HEADER_BYTES)])
            except IndexError:
                if end < len(data):
                    raise

    def _add(self, kind: int, header: bytes) -> None:
        if kind == SEQUENCE:
            self.sequence = read_sequence(header)
            self._reach(self.sequence.size)
        elif kind in (FRAME, FRAME_HEADER):
            self.frames += 1
            if self.sequence and overrides_size(header, self.sequence):
                self._reach(self.sequence.largest)

    def _reach(self, size: Size) -> None:
        self.size = max(self.size, size, key=lambda each: each[0] * each[1])


def _units(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield the type of each OBU, and where its content begins and should end (5.3)."""
    at = 0
    while at < len(data):
        head = data[at]
        kind, at = head >> 3 & 15, at + 1 + (head >> 2 & 1)
        length, shift = 0, 0
        if head & 2:
            while at < len(data):
                length |= (data[at] & 0x7F) << shift
                at, shift = at + 1, shift + 7
                if not data[at - 1] & 0x80 or shift >= 7 * MOST_LEB128:
                    break
        else:
            length = len(data) - at
        yield kind, at, at + length
        at += length


def read_sequence(data: bytes) -> Sequence:
    """Read a sequence header OBU (5.5)."""
    bits = Bits(data)
    profile = bits.take(3)
    bits.take(1)  # still picture
    reduced = bool(bits.take(1))
    presentation_bits = 0
    if reduced:
        bits.take(5)
    else:
        presentation_bits = _operating_points(bits)
    width_bits, height_bits = bits.take(4) + 1, bits.take(4) + 1
    size = bits.take(width_bits) + 1, bits.take(height_bits) + 1
    found = Sequence(size, (1 << width_bits, 1 << height_bits), reduced, presentation_bits)
    if not reduced:
        if bits.take(1):
            found.id_bits = bits.take(4) + 2 + bits.take(3) + 1
        _tools_of_inter_frames(bits, found)
    try:
        bits.take(3 * (1 + reduced))  # tools of intra frames; superresolution, and two filters
        found.code_points = _code_points(bits, profile)
    except IndexError:  # without colours it is a header still
        pass
    return found


def _tools_of_inter_frames(bits: Bits, found: Sequence) -> None:
    bits.take(3 + 4)  # tools of intra and of inter frames
    if order_hint := bits.take(1):
        bits.take(2)
    found.screen_content = CHOSEN if bits.take(1) else bits.take(1)
    if found.screen_content:
        found.integer_motion = CHOSEN if bits.take(1) else bits.take(1)
    if order_hint:
        bits.take(3)


def _code_points(bits: Bits, profile: int) -> tuple[int, int] | None:
    """Read the colour configuration as far as its code points (5.5.2)."""
    is_deep = bits.take(1)
    if profile == PROFESSIONAL and is_deep:
        bits.take(1)
    if profile != HIGH:
        bits.take(1)  # monochrome
    return (bits.take(8), bits.take(8)) if bits.take(1) else None


def _operating_points(bits: Bits) -> int:
    """Pass timing and operating points; return the bits of a frame's presentation time."""
    presentation_bits = delay_bits = 0
    if bits.take(1):  # timing
        bits.take(64)
        equal_interval = bits.take(1)
        if equal_interval:
            bits.take_exp_golomb()
        if bits.take(1):  # decoder model
            delay_bits = bits.take(5) + 1
            bits.take(32 + 5)
            time_bits = bits.take(5) + 1
            presentation_bits = 0 if equal_interval else time_bits
    initial_delays = bits.take(1)
    for _ in range(bits.take(5) + 1):
        bits.take(12)
        if bits.take(5) > 7:
            bits.take(1)
        if delay_bits and bits.take(1):
            bits.take(2 * delay_bits + 1)
        if initial_delays and bits.take(1):
            bits.take(4)
    return presentation_bits


def overrides_size(data: bytes, sequence: Sequence) -> bool:
    """Tell whether a frame header says that the frame has a size of its own (5.9.2)."""
    if sequence.reduced:
        return False
    bits = Bits(data)
    if bits.take(1):  # shows what was decoded before
        return False
    kind, shown = bits.take(2), bits.take(1)
    if shown:
        bits.take(sequence.presentation_bits)
    else:
        bits.take(1)  # may be shown later
    if kind != SWITCH and not (kind == KEY and shown):
        bits.take(1)  # error resilient
    bits.take(1)
    screen_content = sequence.screen_content
    if screen_content == CHOSEN:
        screen_content = bits.take(1)
    if screen_content and sequence.integer_motion == CHOSEN:
        bits.take(1)
    bits.take(sequence.id_bits)
    return kind == SWITCH or bool(bits.take(1))
