"""Damaged films and sounds: what is left out of them is told, the same on both paths."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lib.domain.media import WarningCode
from tests.conformance.cases.take_video import PATHS, recipes
from tests.support.ffmpeg_binary import find_ffmpeg
from tests.support.matrix_jobs import Worker, take

SECONDS = 8
PICTURE = ("-f", "lavfi", "-i", f"testsrc2=s=160x90:r=25:d={SECONDS}")
SOUND = ("-f", "lavfi", "-i", f"sine=440:r=48000:d={SECONDS}")
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-x264-params", "threads=1")
AAC = ("-c:a", "aac", "-ac", "2")

Damage = Callable[[bytearray], None]


def spoil(pattern: bytes, count: int) -> Damage:
    """Return what overwrites the content behind some places, in the midst of a file."""

    def write(data: bytearray) -> None:
        found = [each.end() for each in re.finditer(re.escape(pattern), bytes(data))]
        middle = len(found) // 2
        for at in found[middle : middle + count]:
            data[at : at + 40] = b"\xff" * 40

    return write


def none(_: bytearray) -> None:
    """Leave a file as it is."""


def blank_packets(data: bytearray) -> None:
    """Take packets from a transport stream: 8 % of it, in its midst."""
    first = len(data) // 188 // 2 * 188
    del data[first : first + len(data) // 188 // 12 * 188]


def spoil_sound(data: bytearray) -> None:
    """Overwrite what a twentieth of a file holds, from its middle on."""
    first = len(data) // 2
    for at in range(first, first + len(data) // 20):
        data[at] ^= at * 37 % 251


FRAME = b"\x41\x9a"
"""NAL header of a frame that follows others, and x264's first byte of such a slice."""

FILM, ALONE = (*PICTURE, *SOUND, *H264, *AAC), (*SOUND, *AAC)
CASES = {
    "whole.mp4": (FILM, none, None),
    "whole.mkv": (FILM, none, None),
    "whole.ts": (FILM, none, None),
    "whole.m4a": (ALONE, none, None),
    "frames.mp4": (FILM, spoil(FRAME, 5), r"left out: 5 frames \(0\.2 s\)"),
    "packets.ts": (FILM, blank_packets, r"left out: 1\d frames \(0\.[4-8] s\)"),
    "sound.m4a": (ALONE, spoil_sound, r"left out: \d+ packets of sound"),
}
"""How a source is made, what happens to it, and what has to be said first."""


def messages(path: str, name: str, folder: Path) -> list[str]:
    made, damage, _ = CASES[name]
    source = folder / name
    command = [find_ffmpeg(), "-v", "error", "-nostdin", *made, str(source)]
    subprocess.run(command, check=True)
    data = bytearray(source.read_bytes())
    damage(data)
    source.write_bytes(data)
    ended = take(source, Worker(recipes(90), find_ffmpeg(), PATHS[path]), folder)
    assert ended.problem is None
    assert ended.asset.probe
    warnings = ended.asset.probe.warnings
    return [each.message for each in warnings if each.code is WarningCode.DAMAGED]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", CASES)
def test_what_is_left_out_is_told(name: str, path: str, tmp_path: Path) -> None:
    said = messages(path, name, tmp_path)
    expected = CASES[name][2]
    assert bool(said) == bool(expected), said
    if expected:
        assert re.match(expected, said[0]), said
