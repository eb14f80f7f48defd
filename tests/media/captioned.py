"""Make a film whose frames carry captions: CEA-608, channel 1 (ATSC A/53 part 4, 6.2.3)."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from lib.video.package.captions import USER_DATA

AUD = b"\0\0\0\1\x09"
"""What an access unit begins with."""
AUD_BYTES = 6
POP_ON, CLEAR, ROW_15 = (0x14, 0x20), (0x14, 0x2E), (0x14, 0x70)
END_OF_CAPTION = (0x14, 0x2F)
NOTHING = (0, 0)


def make(path: Path, ffmpeg: str) -> None:
    """Write two seconds that say HELLO; the container is that of the path's name."""
    plain = path.with_suffix(".h264")
    encode = ["-c:v", "libx264", "-bf", "0", "-x264-params", "aud=1", "-f", "h264"]
    source = ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=2"]
    subprocess.run([ffmpeg, "-v", "error", *source, *encode, str(plain)], check=True)
    words = [(ord(first), ord(second)) for first, second in ("HE", "LL", "O ")]
    codes = [POP_ON, POP_ON, CLEAR, CLEAR, ROW_15, ROW_15, *words, END_OF_CAPTION, END_OF_CAPTION]
    units = _units(plain.read_bytes())
    pairs = [*codes, *[NOTHING] * (len(units) - len(codes))]
    captioned = (
        unit[:AUD_BYTES] + _message(*pair) + unit[AUD_BYTES:]
        for unit, pair in zip(units, pairs, strict=True)
    )
    plain.write_bytes(b"".join(captioned))
    opened = ["-r", "25", "-i", str(plain)]
    subprocess.run([ffmpeg, "-v", "error", *opened, "-c", "copy", str(path)], check=True)
    plain.unlink()


def _units(stream: bytes) -> list[bytes]:
    starts = [found.start() for found in re.finditer(re.escape(AUD), stream)]
    return [stream[a:b] for a, b in zip(starts, [*starts[1:], len(stream)], strict=True)]


def _message(first: int, second: int) -> bytes:
    data = bytes([0xC1, 0xFF, 0xFC, _with_parity(first), _with_parity(second), 0xFF])
    content = USER_DATA + data
    return b"\0\0\0\1\x06\4" + bytes([len(content)]) + content + b"\x80"


def _with_parity(byte: int) -> int:
    return byte | 0x80 if byte.bit_count() % 2 == 0 else byte
