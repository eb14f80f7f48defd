"""Break a stream on purpose."""

from __future__ import annotations

import re
from pathlib import Path

from tests.conformance.streams.playlists import read_master


def second_segments(folder: Path) -> list[Path]:
    """Return the second segment of each rung."""
    return [each.paths[1] for each in read_master(folder / "hls.m3u8").rungs]


def delay(segment: Path, ticks: int) -> None:
    """Have a segment's samples start later: baseMediaDecodeTime (ISO/IEC 14496-12, 8.8.12)."""
    data = bytearray(segment.read_bytes())
    version = data.index(b"tfdt") + 4
    start = version + 4
    end = start + (8 if data[version] == 1 else 4)
    data[start:end] = (int.from_bytes(data[start:end]) + ticks).to_bytes(end - start)
    segment.write_bytes(data)


def scale_attribute(playlist: Path, name: str, factor: float) -> None:
    """Multiply an attribute of every line of a multivariant playlist."""
    playlist.write_text(
        re.sub(
            rf"(?<=[:,]{name}=)\d+",
            lambda found: str(int(int(found[0]) * factor)),
            playlist.read_text(),
        )
    )
