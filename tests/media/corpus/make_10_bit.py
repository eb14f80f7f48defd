"""Make `10-bit.avif`, the chart in 10 bits a channel, which Pillow does not write.

    python -m tests.media.corpus.make_10_bit PATH/ffmpeg

Nothing runs this by itself: the file is committed. It documents how it came to be.
"""

from __future__ import annotations

import struct
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.media.corpus.chart import COLORS, SIZE, rows

TARGET = Path(__file__).with_name("10-bit.avif")
ARGUMENTS = (
    "-v error -y -f rawvideo -pix_fmt yuv444p10le -s {}x{} -i - -frames:v 1 -vf setparams="
    "range=pc:color_primaries=bt709:color_trc=iec61966-2-1:colorspace=bt709 "
    "-c:v libaom-av1 -still-picture 1 -crf 1 -threads 1 -bitexact"
)


def signals(color: Sequence[int]) -> list[int]:
    """Return luma and chroma in 10 bits and full range (ITU-T H.273, 8.3, matrix 1)."""
    red, green, blue = (value / 255 for value in color)
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    chroma = (blue - luma) / 1.8556, (red - luma) / 1.5748
    return [round(1023 * luma), *(round(1023 * each) + 512 for each in chroma)]


def main(ffmpeg: str) -> None:
    planes = zip(*map(signals, COLORS), strict=True)
    pixels = b"".join(
        line for plane in planes for line in rows([struct.pack("<H", v) for v in plane])
    )
    command = [ffmpeg, *ARGUMENTS.format(*SIZE).split(), str(TARGET)]
    subprocess.run(command, input=pixels, check=True)


if __name__ == "__main__":
    main(sys.argv[1])
