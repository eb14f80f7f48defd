"""Measure audio for players that draw it (`peaks.json`), and draw it (`waveform.png`).

The JSON is that of BBC audiowaveform's data format, version 2, which peaks.js, wavesurfer.js and
others read: https://github.com/bbc/audiowaveform/blob/master/doc/DataFormat.md
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from math import ceil
from pathlib import Path

from lib.domain.png import PALETTE, write_png
from lib.domain.renditions import Made, RenditionKind
from lib.video.encode.codecs import SAMPLE_RATE_HZ
from lib.video.encode.ffmpeg import Ffmpeg, own_file, rework

LEAST_SAMPLES = SAMPLE_RATE_HZ // 100
"""Of one pair of peaks: no player zooms in further than 10 ms a px."""

MOST_PAIRS = 18_000
"""Three minutes at 10 ms; longer ones have coarser peaks. About 120 kB."""

IMAGE_SIZE = (1800, 280)
"""px: 900 × 140 at twice the density."""

BAR_COLOR = bytes.fromhex("2a76d4")
"""A blue that has a contrast of 4.5 to a white page and to a black one (WCAG 2.2, 1.4.3)."""

CUT_OFF = 0.02
"""Part of the columns, the loudest, that may go beyond the picture: one click, or a hand on the
microphone, would make a thin line of all that is said."""

CLEAR, OPAQUE = b"\x00", b"\xff"

Peaks = Sequence[tuple[int, int]]
"""The lowest and the highest sample of each window, 16 bits signed, all channels together."""

_LEVEL = re.compile(r"^lavfi\.astats\.Overall\.(?:Min|Max)_level=(.+)$", re.MULTILINE)


def make_waveform(source: Path, duration_ms: int, ffmpeg: Ffmpeg) -> tuple[Made, Made]:
    """Return `waveform.png` and `peaks.json` of encoded audio, decoded once.

    `source` is an MP4 of the pipeline's own. The memory needed does not grow with its length.
    Raises PermanentError(ENCODE_FAILED), also where it holds no audio, and what `rework` raises.
    """
    samples = samples_per_pair(duration_ms)
    levels = ffmpeg.scratch / "levels.txt"
    rework(
        own_file(source),
        ("-map", "0:a:0", "-af", level_filters(samples, levels), "-f", "null"),
        ffmpeg.scratch / "nothing",  # that muxer writes no file
        ffmpeg,
    )
    peaks = read_levels(levels.read_text())
    width, height = IMAGE_SIZE
    kind = RenditionKind.WAVEFORM
    return (
        Made("waveform.png", kind, "image/png", draw_peaks(peaks, IMAGE_SIZE), width, height),
        Made(
            "peaks.json",
            kind,
            "application/json",
            serialize_peaks(peaks, samples),
            duration_ms=duration_ms,
        ),
    )


def samples_per_pair(duration_ms: int) -> int:
    """Return the samples that share one pair of peaks, so that no audio has too many pairs."""
    return max(LEAST_SAMPLES, ceil(duration_ms * SAMPLE_RATE_HZ / 1000 / MOST_PAIRS))


def level_filters(samples: int, levels: Path) -> str:
    """Return the filters that write the lowest and highest of each `samples` samples to a file.

    Every sample counts, at full rate: a tone above what a lower rate can hold is seen too, and
    one whose channels cancel each other out. It costs a tenth of what decoding does.
    """
    return ",".join(
        (
            f"aformat=sample_fmts=s16:sample_rates={SAMPLE_RATE_HZ}",
            f"asetnsamples=n={samples}:p=0",
            "astats=metadata=1:reset=1:measure_perchannel=none:measure_overall=Min_level+Max_level",
            f"ametadata=mode=print:file={_quoted(levels)}",
        )
    )


def read_levels(text: str) -> Peaks:
    """Read what `measure` wrote: two lines of numbers for each window."""
    levels = [int(float(each)) for each in _LEVEL.findall(text)]
    return list(zip(levels[::2], levels[1::2], strict=True))


def serialize_peaks(peaks: Peaks, samples: int) -> bytes:
    """Print peaks as JSON, in 8 bits: the low byte is dropped, towards zero."""
    return json.dumps(
        {
            "version": 2,
            "channels": 1,
            "sample_rate": SAMPLE_RATE_HZ,
            "samples_per_pixel": samples,
            "bits": 8,
            "length": len(peaks),
            "data": [int(level / 256) for pair in peaks for level in pair],
        },
        separators=(",", ":"),
    ).encode()


def draw_peaks(peaks: Peaks, size: tuple[int, int]) -> bytes:
    """Return a PNG of `size` px in which the loudest peaks (lowest, highest) fill a half.

    A quiet recording is seen as well as a loud one; where nothing sounds there is a line.
    """
    width, height = size
    spans = _spans(peaks, width, height)
    # A byte a px deflates as well as a bit.
    rows = (bytes(top <= y < bottom for top, bottom in spans) for y in range(height))
    colors = ((b"PLTE", BAR_COLOR + BAR_COLOR), (b"tRNS", CLEAR + OPAQUE))
    return write_png(size, rows, PALETTE, *colors)


def _spans(peaks: Peaks, width: int, height: int) -> list[tuple[int, int]]:
    """Return the first row of each column's bar, and the first one below it."""
    columns = list(_columns(peaks, width))
    loudness = sorted(max(-low, high) for low, high in columns)
    loud = loudness[int((width - 1) * (1 - CUT_OFF))] or loudness[-1] or 1
    middle = height / 2
    spans = []
    for low, high in columns:
        # One px each way: the line.
        top = min(round(middle * max(0, 1 - high / loud)), height // 2 - 1)
        bottom = max(round(middle * min(2, 1 - low / loud)), height // 2 + 1)
        spans.append((top, bottom))
    return spans


def _columns(peaks: Peaks, width: int) -> Iterator[tuple[int, int]]:
    """Yield the lowest and the highest of what each column shows."""
    for column in range(width):
        first = column * len(peaks) // width
        window = peaks[first : max(first + 1, (column + 1) * len(peaks) // width)]
        yield min(low for low, _ in window), max(high for _, high in window)


def _quoted(path: Path) -> str:
    """Escape a path for an option's value, and the result for the list of filters around it."""
    value = re.sub(r"([\\':])", r"\\\1", str(path))
    return re.sub(r"([\\'\[\],;])", r"\\\1", value)
