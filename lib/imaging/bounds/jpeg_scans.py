"""Find where the picture of a JPEG ends, whatever lies behind it (ITU-T T.81, annex B)."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field

from lib.imaging.bounds.jpeg import ALONE, END, FRAMES, MARKER, PROGRESSIVE, SCAN

START, RESTART, RESTARTS = 0xD8, 0xD0, 8
RESTART_INTERVAL = 0xDD
APPLICATIONS = frozenset(range(0xE0, 0xF0))
COMMENT = 0xFE
SEGMENTS = FRAMES | APPLICATIONS | {SCAN, COMMENT, RESTART_INTERVAL, 0xC4, 0xCC, 0xDB, 0xDC}
"""What may stand between scans; other markers are damage, or what was put behind a cut."""

RESTART_MARKER = re.compile(rb"\xff[\xd0-\xd7]")

BLOCK = 8
COEFFICIENTS = 64
FILLED_BYTES = 512


@dataclass(frozen=True, slots=True)
class Scan:
    """Which coefficients of which components a scan has, down to which bit; where it begins."""

    start: int
    components: tuple[int, ...]
    first: int
    last: int
    low_bit: int


@dataclass(slots=True)
class Scans:
    """What is there of a picture. `end` is where its last scan, or what there is of it, ends."""

    end: int = 0
    is_ended: bool = False
    """Whether an end marker follows."""
    frame: int = 0
    components: tuple[int, ...] = ()
    height: int = 0
    rows: int = BLOCK
    """Lines that are coded together."""
    blocks: int = 0
    """Groups of blocks (MCUs) in a scan of all components."""
    restart_interval: int = 0
    """Groups of blocks between restart markers; 0 where there are none."""
    scans: list[Scan] = field(default_factory=list)

    @property
    def is_progressive(self) -> bool:
        """Tell whether each scan adds detail to all lines."""
        return self.frame in PROGRESSIVE

    def has_all(self) -> bool:
        """Tell whether the scans that have begun are all that the picture needs."""
        seen = {name for scan in self.scans for name in scan.components}
        if not self.is_progressive:
            return seen >= set(self.components)
        left = {(name, place) for name in self.components for place in range(COEFFICIENTS)}
        for scan in self.scans:
            if scan.low_bit == 0:
                places = range(scan.first, scan.last + 1)
                left -= {(name, place) for name in scan.components for place in places}
        return not left

    def ends(self, data: bytes) -> list[int]:
        """Return where the coded bytes of each scan end."""
        found = (MARKER.search(data, scan.start, self.end) for scan in self.scans)
        return [marker.start() if marker else self.end for marker in found]

    def find_stray_restart(self, data: bytes) -> int | None:
        """Return where a restart marker stands though there are none, and decoding ends."""
        if self.restart_interval or not self.scans:
            return None
        found = RESTART_MARKER.search(data, self.scans[-1].start, self.end)
        return found.start() if found else None

    def count_intervals(self, data: bytes) -> tuple[int, int]:
        """Return how many restart intervals of a sequential picture are there, and of how many."""
        if not self.restart_interval or self.is_progressive or len(self.scans) != 1:
            return 1, 1
        markers = RESTART_MARKER.finditer(data, self.scans[0].start, self.end)
        return 1 + sum(1 for _ in markers), -(-self.blocks // self.restart_interval)

    def next_restart(self, data: bytes) -> int:
        """Return the number of the restart marker that would follow."""
        start = self.scans[-1].start
        places = [
            data.rfind(bytes((0xFF, RESTART + number)), start, self.end)
            for number in range(RESTARTS)
        ]
        latest = max(places)
        return (places.index(latest) + 1) % RESTARTS if latest >= 0 else 0


def find_scans(data: bytes) -> Scans:
    """Follow the segments to the end of the picture. Raises IndexError and struct.error."""
    found, at = Scans(), 2
    while marker := MARKER.search(data, at):
        place, kind = marker.start(), data[marker.start() + 1]
        after = place + 2 + int.from_bytes(data[place + 2 : place + 4])
        found.end = place
        if kind == END:
            found.is_ended = True
            return found
        if kind in ALONE and not (kind == START and found.scans):
            at = place + 2
            continue
        if found.scans and (kind not in SEGMENTS - FRAMES or after > len(data)):
            return found
        if kind == SCAN:
            if found.scans and not found.is_progressive and found.has_all():
                return found
            found.scans.append(_read_scan(data, place, after))
        elif kind in FRAMES:
            _read_frame(found, data, place)
        elif kind == RESTART_INTERVAL:
            found.restart_interval = int.from_bytes(data[place + 4 : place + 6])
        at = after
    found.end = _end_of_data(data)
    return found


def _end_of_data(data: bytes) -> int:
    """Return where coded bytes may end: in front of what fills a file that was made longer first.

    No coded bytes but those of an even surface have so many zeros.
    """
    filled = len(data.rstrip(b"\0"))
    if len(data) - filled >= FILLED_BYTES:
        data = data[:filled]
    return len(data.rstrip(b"\xff"))


def _read_frame(found: Scans, data: bytes, at: int) -> None:
    found.frame = data[at + 1]
    found.height, width, count = struct.unpack_from(">HHB", data, at + 5)
    each = [data[at + 10 + 3 * number : at + 13 + 3 * number] for number in range(count)]
    found.components = tuple(entry[0] for entry in each)
    tallest = max((entry[1] & 15 for entry in each), default=1) if count > 1 else 1
    widest = max((entry[1] >> 4 for entry in each), default=1) if count > 1 else 1
    found.rows = BLOCK * tallest
    found.blocks = -(-found.height // found.rows) * -(-width // (BLOCK * widest)) if widest else 0


def _read_scan(data: bytes, at: int, after: int) -> Scan:
    count = data[at + 4]
    components = tuple(data[at + 5 + 2 * number] for number in range(count))
    first, last, bits = data[at + 5 + 2 * count : at + 8 + 2 * count]
    return Scan(after, components, first, last, bits & 15)
