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


def prepare_audio(audio: Any, *, aligned: bool = True) -> Any:
    """Return stereo samples of one rate, gaps filled with silence; `aligned` ones start at 0.

    What is missing there is silence, what lies before is cut off. ffmpeg builds the graph again
    where the rate or the channels change, and each time it would begin at 0. More channels are
    mixed as ITU-R BS.775 does.
    """
    start = {"first_pts": 0} if aligned else {}
    return audio.filter("aresample", SAMPLE_RATE_HZ, **{"async": 1}, **start).filter(
        "aformat", channel_layouts="stereo", sample_rates=SAMPLE_RATE_HZ
    )


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
