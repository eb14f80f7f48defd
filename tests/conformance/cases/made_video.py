"""Read what was made of a source of video or sound, by ffmpeg's decoders and MediaInfo."""

from __future__ import annotations

import html
import re
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from PIL import Image

from lib.domain.renditions import RenditionKind
from tests.support.ffmpeg_binary import find_ffmpeg
from tests.support.matrix_jobs import Ended, frame_times, tracks

EARLY_S = 1.0
"""When corners are looked at."""

STORED = ("-noautorotate", "-apply_cropping", "codec")
"""How frames are decoded as they are stored: neither turned nor cut."""

RATE = 48_000
SAMPLE_BYTES = 2


@dataclass
class MadeVideo:
    """How a source ended, with what is read from its renditions, once."""

    ended: Ended

    @property
    def asset(self) -> Any:
        return self.ended.asset

    @cached_property
    def file(self) -> Path | None:
        """Return the one plain file, of sound where there is no picture."""
        names = sorted(self.ended.names())
        plain = [each for each in names if each.endswith("p.mp4") or each == "audio.m4a"]
        return self.ended.path(plain[0]) if plain else None

    @cached_property
    def frames(self) -> list[float]:
        """Return when each frame of the plain file is shown, in s."""
        has_picture = self.file and self.file.suffix == ".mp4"
        return frame_times(self.file, find_ffmpeg()) if self.file and has_picture else []

    @cached_property
    def picture(self) -> Image.Image | None:
        """Return an early frame of the plain file."""
        return frame(self.file, EARLY_S) if self.file and self.file.suffix == ".mp4" else None

    @cached_property
    def sound_s(self) -> float | None:
        """Return how many seconds of samples a decoder gives of the plain file."""
        return decode_sound(self.file) if self.file else None

    @cached_property
    def texts(self) -> str:
        """Return what a player shows of all subtitles, a line each."""
        made = [each for each in self.asset.renditions if each.kind is RenditionKind.SUBTITLES]
        paths = [self.ended.path(each.name) for each in made if not each.error]
        return "\n".join(show_cues(path.read_text("utf-8")) for path in paths)


def frame(path: Path, at_s: float) -> Image.Image:
    """Decode one frame near a time, or the last before it, as RGB; as it is stored."""
    wanted = ["-vf", f"select='lte(t,{at_s})',format=gbrp,format=rgb24", "-f", "rawvideo", "-"]
    command = [
        find_ffmpeg(),
        "-v",
        "error",
        "-nostdin",
        *STORED,
        "-i",
        f"file:{path}",
        "-map",
        "0:V:0",
    ]
    size = picture_size(path)
    content = subprocess.run([*command, *wanted], capture_output=True, check=True).stdout
    each = size[0] * size[1] * 3
    return Image.frombytes("RGB", size, content[-each:])


def picture_size(path: Path) -> tuple[int, int]:
    """Return the stored width and height of a file's picture, in px."""
    (found,) = tracks(path, "Video")
    return int(found["width"]), int(found["height"])


def decode_sound(path: Path) -> float | None:
    """Return how many seconds of samples the first sound of a file has, None without one."""
    if not tracks(path, "Audio"):
        return None
    command = [find_ffmpeg(), "-v", "error", "-nostdin", "-i", f"file:{path}", "-map", "0:a:0"]
    plain = ["-ac", "1", "-ar", str(RATE), "-f", "s16le", "-"]
    content = subprocess.run([*command, *plain], capture_output=True, check=True).stdout
    return len(content) / RATE / SAMPLE_BYTES


def show_cues(content: str) -> str:
    """Return the text of all cues as a player shows it, lines joined by " / ".

    Without tags, references replaced.

    https://www.w3.org/TR/webvtt1/, 6.4: `<` begins a tag, whatever follows.
    """
    shown = []
    for block in re.split(r"\n{2,}", content.replace("\r\n", "\n")):
        lines = block.split("\n")
        timed = [number for number, line in enumerate(lines[:2]) if "-->" in line]
        if timed and not lines[0].startswith("NOTE"):
            text = re.sub(r"<[^>]*>?", "", " / ".join(lines[timed[0] + 1 :]))
            shown.append(html.unescape(text).replace("\u00a0", " "))
    return "\n".join(shown)
