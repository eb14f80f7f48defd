"""Prepare audio for its encoder, and normalise its loudness in two passes. Pure.

Loudness as ITU-R BS.1770-4 and EBU R 128 measure it. `Any` is a stream of ffmpeg-python.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from lib.video.encode.codecs import SAMPLE_RATE_HZ

TARGET_LUFS = -16
"""What AES TD1008 asks of streams."""
PEAK_DBTP = -1.5
"""What loud audio may reach between samples: AAC adds up to 0.5 dB to it."""
RANGE_LU = 20
"""Loudness range above which ffmpeg levels the quiet parts, too; films have less."""

_TARGET: dict[str, Any] = {"I": TARGET_LUFS, "TP": PEAK_DBTP, "LRA": RANGE_LU}


@dataclass(frozen=True, slots=True)
class Loudness:
    """What was measured: integrated loudness and its gate in LUFS, range in LU, peak in dBTP."""

    integrated: float
    threshold: float
    range: float
    peak: float
    offset: float


def even_out_audio(audio: Any) -> Any:
    """Return stereo samples of one rate and format, whatever they were.

    More channels are mixed as ITU-R BS.775 does.
    """
    return audio.filter(
        "aformat", sample_fmts="fltp", channel_layouts="stereo", sample_rates=SAMPLE_RATE_HZ
    )


def align(audio: Any) -> Any:
    """Return sound that starts at 0: what is missing is silence, what lies before is cut off."""
    return audio.filter("aresample", SAMPLE_RATE_HZ, first_pts=0, **{"async": 1})


def measure_loudness(audio: Any, report: Path) -> Any:
    """Return audio whose loudness is written to the file `report` at its end."""
    return audio.filter("loudnorm", **_TARGET, print_format="json", stats_file=str(report))


def normalize(audio: Any, measured: Loudness) -> Any:
    """Return audio of TARGET_LUFS: one gain for all of it, where its peaks allow that."""
    options = _TARGET | {
        "measured_I": measured.integrated,
        "measured_TP": measured.peak,
        "measured_LRA": measured.range,
        "measured_thresh": measured.threshold,
        "offset": measured.offset,
        "linear": "true",
    }
    return audio.filter("loudnorm", **options).filter("aresample", SAMPLE_RATE_HZ)


def read_loudness(report: str) -> Loudness | None:
    """Read what `measure_loudness` wrote; None for silence, which has no loudness."""
    found = json.loads(report)
    fields = ("input_i", "input_thresh", "input_lra", "input_tp", "target_offset")
    values = [float(found[name]) for name in fields]
    return Loudness(*values) if all(map(isfinite, values)) else None
