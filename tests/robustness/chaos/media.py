"""Make small uploads of every kind, each with bytes of its own."""

from __future__ import annotations

import io
import math
import random
import struct
import subprocess
import wave
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path

from PIL import Image

from lib.domain.asset import AssetStatus
from lib.domain.errors import ErrorCode
from tests.support.ffmpeg_binary import find_ffmpeg

SAMPLES_PER_SECOND = 8000
FILM_SECONDS = 80
"""Estimated at more than one vCPU second, mostly for its sound: it is encoded in ranges."""


class Medium(StrEnum):
    """What an upload is."""

    JPEG = "jpeg"
    PNG = "png"
    GIF = "gif"
    SOUND = "wav"
    CLIP = "clip"
    FILM = "film"
    TEXT = "text"
    CORRUPT = "corrupt"
    EMPTY = "empty"


SHARES = {
    Medium.JPEG: 40,
    Medium.PNG: 20,
    Medium.GIF: 8,
    Medium.SOUND: 6,
    Medium.CLIP: 5,
    Medium.FILM: 3,
    Medium.TEXT: 8,
    Medium.CORRUPT: 7,
    Medium.EMPTY: 3,
}


@dataclass(frozen=True, slots=True)
class Ending:
    """How an upload has to end when nothing of AWS's or the network's is to blame."""

    status: AssetStatus
    code: ErrorCode | None = None


ENDINGS = {
    Medium.TEXT: Ending(AssetStatus.REJECTED, ErrorCode.UNSUPPORTED_MEDIA),
    Medium.EMPTY: Ending(AssetStatus.REJECTED, ErrorCode.UNSUPPORTED_MEDIA),
    Medium.CORRUPT: Ending(AssetStatus.FAILED, ErrorCode.CORRUPT_MEDIA),
}
"""All others become READY."""


class Maker:
    """Makes uploads; two films are encoded once, and each use of them gets bytes of its own."""

    def __init__(self, folder: Path) -> None:
        self._films = {
            Medium.CLIP: _encode(folder / "clip.mp4", seconds=1),
            Medium.FILM: _encode(folder / "film.mp4", seconds=FILM_SECONDS),
        }
        self._makers: Mapping[Medium, Callable[[random.Random], bytes]] = {
            Medium.JPEG: partial(_picture, form="JPEG"),
            Medium.PNG: partial(_picture, form="PNG"),
            Medium.GIF: _animation,
            Medium.SOUND: _sound,
            Medium.CLIP: partial(self._film, Medium.CLIP),
            Medium.FILM: partial(self._film, Medium.FILM),
            Medium.TEXT: lambda chance: f"a text: {chance.random()}".encode(),
            Medium.CORRUPT: _corrupt,
            Medium.EMPTY: lambda _: b"",
        }

    def make(self, medium: Medium, seed: int) -> bytes:
        """Return the bytes for a seed, always the same."""
        return self._makers[medium](random.Random(seed))

    def _film(self, medium: Medium, chance: random.Random) -> bytes:
        """Return the film with a box behind it that players skip (ISO/IEC 14496-12, `free`)."""
        return self._films[medium] + struct.pack(">I4s", 24, b"free") + chance.randbytes(16)


def _encode(path: Path, seconds: int) -> bytes:
    subprocess.run(
        [
            *(find_ffmpeg(), "-v", "error"),
            *("-f", "lavfi", "-i", f"testsrc2=s=64x36:r=4:d={seconds}"),
            *("-f", "lavfi", "-i", f"sine=440:r=8000:d={seconds}"),
            *("-c:v", "libx264", "-preset", "ultrafast", "-g", "4"),
            *("-c:a", "aac", "-b:a", "16k", str(path)),
        ],
        check=True,
    )
    return path.read_bytes()


def _draw(chance: random.Random, width: int, height: int) -> Image.Image:
    """Return a soft picture: a few random pixels, enlarged."""
    seeds = Image.frombytes("RGB", (6, 4), chance.randbytes(72))
    return seeds.resize((width, height), Image.Resampling.BICUBIC)


def _picture(chance: random.Random, form: str) -> bytes:
    written = io.BytesIO()
    _draw(chance, chance.randrange(80, 360), chance.randrange(60, 240)).save(written, form)
    return written.getvalue()


def _animation(chance: random.Random) -> bytes:
    written = io.BytesIO()
    frames = [_draw(chance, 96, 64) for _ in range(3)]
    frames[0].save(written, "GIF", save_all=True, append_images=frames[1:], duration=100)
    return written.getvalue()


def _sound(chance: random.Random) -> bytes:
    written = io.BytesIO()
    pitch = chance.uniform(200, 800) * 2 * math.pi / SAMPLES_PER_SECOND
    with wave.open(written, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLES_PER_SECOND)
        samples = (int(9000 * math.sin(pitch * each)) for each in range(SAMPLES_PER_SECOND))
        file.writeframes(b"".join(struct.pack("<h", each) for each in samples))
    return written.getvalue()


def _corrupt(chance: random.Random) -> bytes:
    # A header, and no line: what has a tenth of its lines is shown.
    whole = _picture(chance, "JPEG")
    return whole[: whole.index(b"\xff\xda") + 16]
