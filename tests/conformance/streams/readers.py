"""Read media with Debian's ffprobe and MediaInfo, which had no part in writing it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

SECONDS = 60


@dataclass(frozen=True, slots=True)
class Packet:
    """One coded frame as ffprobe found it; times in ticks, `size` in bytes."""

    pts: int
    dts: int
    duration: int
    size: int
    keyframe: bool


@dataclass(frozen=True, slots=True)
class Stream:
    """The one stream of a track. `time_base` is a tick in s; `codec` as RFC 6381 spells it."""

    codec: str
    time_base: Fraction
    width: int | None
    height: int | None
    frame_rate: Fraction
    sample_rate: int | None
    channels: int | None


def read_packets(*parts: Path) -> list[Packet]:
    """Return the packets of a file, or of an init segment and segments joined, as stored."""
    packets = _ffprobe(parts, "-show_packets")["packets"]
    # ffprobe knows no durations of frames that are stored in another order than shown. The clip's
    # frame rate is constant, so that the last one lasts as long as the one before.
    steps = [after["dts"] - before["dts"] for before, after in pairwise(packets)]
    return [
        Packet(
            each["pts"],
            each["dts"],
            each.get("duration", step),
            int(each["size"]),
            each["flags"].startswith("K"),
        )
        for each, step in zip(packets, [*steps, *steps[-1:]], strict=True)
    ]


def read_stream(*parts: Path) -> Stream:
    """Return what is known of the one stream of a track."""
    (stream,) = _ffprobe(parts, "-show_streams", "-show_data")["streams"]
    return Stream(
        codec=_spell_codec(stream),
        time_base=Fraction(stream["time_base"]),
        width=stream.get("width"),
        height=stream.get("height"),
        frame_rate=_ratio(stream["avg_frame_rate"]) or _ratio(stream["r_frame_rate"]),
        sample_rate=int(stream["sample_rate"]) if "sample_rate" in stream else None,
        channels=stream.get("channels"),
    )


def read_streams(path: Path) -> list[dict[str, Any]]:
    """Return all that ffprobe says of each stream of a file, its frames counted."""
    streams: list[dict[str, Any]] = _ffprobe((path,), "-show_streams", "-count_frames")["streams"]
    return streams


def read_mediainfo(path: Path) -> list[dict[str, Any]]:
    """Return MediaInfo's tracks of a file, the first of them the file as a whole."""
    done = _run(["mediainfo", "--Output=JSON", str(path)])
    tracks: list[dict[str, Any]] = json.loads(done)["media"]["track"]
    return tracks


def _ffprobe(parts: Sequence[Path], *what: str) -> dict[str, Any]:
    joined = "concat:" + "|".join(str(each) for each in parts)
    # Errors are printed, and are worth an exit code of their own: a reader that has to
    # conceal something has found a fault.
    command = ["ffprobe", "-v", "error", "-of", "json", *what, joined]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True)
    if done.stderr:
        raise ValueError(f"{' '.join(map(str, parts))}: {done.stderr.strip()}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _run(command: list[str]) -> str:
    return subprocess.run(
        command, capture_output=True, text=True, timeout=SECONDS, check=True
    ).stdout


def _ratio(text: str) -> Fraction:
    above, below = text.split("/")
    return Fraction(int(above), int(below)) if int(below) else Fraction(0)


def _spell_codec(stream: dict[str, Any]) -> str:
    """Spell a codec from the decoder's configuration: RFC 6381, ISO/IEC 14496-15 annex E."""
    tag = stream["codec_tag_string"]
    match stream["codec_name"]:
        case "h264":
            return f"{tag}.{_configuration(stream)[1:4].hex()}"
        case "hevc":
            return f"{tag}.{_spell_hevc(_configuration(stream))}"
        case "av1":
            depth = 10 if "10" in stream["pix_fmt"] else 8
            return f"{tag}.0.{stream['level']:02}M.{depth:02}"
        case "aac":
            return f"{tag}.40.{ {'LC': 2, 'HE-AAC': 5, 'HE-AACv2': 29}[stream['profile']] }"
        case other:
            raise ValueError(f"expected a codec of the pipeline but found {other}")


def _spell_hevc(record: bytes) -> str:
    space, tier, profile = record[1] >> 6, record[1] >> 5 & 1, record[1] & 31
    compatible = int(f"{int.from_bytes(record[2:6]):032b}"[::-1], 2)
    constraints = [f"{each:X}" for each in record[6:12].rstrip(b"\0")]
    level = f"{'LH'[tier]}{record[12]}"
    return ".".join([f"{' ABC'[space].strip()}{profile}", f"{compatible:X}", level, *constraints])


def _configuration(stream: dict[str, Any]) -> bytes:
    """Return the bytes of ffprobe's dump, whose lines are `address: 8 groups  as text`."""
    lines = stream["extradata"].strip().splitlines()
    return bytes.fromhex("".join(line.split(": ", 1)[1][:40] for line in lines))
