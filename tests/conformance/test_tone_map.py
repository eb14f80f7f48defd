"""Films and stills have one tone map: patches of a film look as Chromium shows them of a still."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path
from statistics import fmean

import ffmpeg
import pytest

from lib.domain.media import VideoProbe
from lib.presets import PACKAGED, load
from lib.video.encode.even_out import even_out
from lib.video.encode.tone_table import write_table
from lib.video.plan.ladder import Rung
from lib.video.plan.plan import Plan, VideoTask
from lib.video.source import Input
from tests.support.ciede2000 import difference, srgb_to_lab
from tests.support.ffmpeg_binary import find_ffmpeg
from tests.support.hdr_patches import HLG_2020, PATCHES, PQ_2020

SIDE = 16
SIZE = WIDTH, HEIGHT = SIDE * len(PATCHES), 2 * SIDE

OFF = 5.0
"""ΔE2000 of one patch at most; luma and chroma of eight bits in the video's range cut what is most
saturated."""


def frame() -> bytes:
    """The patches as luma and chroma of BT.2020 in 10 bits of the video's range."""
    planes: tuple[list[int], ...] = ([], [], [])
    for color in PATCHES:
        red, green, blue = (each / 255 for each in color)
        luma = 0.2627 * red + 0.678 * green + 0.0593 * blue
        planes[0].append(round(64 + 876 * luma))
        planes[1].append(round(512 + 896 * (blue - luma) / 1.8814))
        planes[2].append(round(512 + 896 * (red - luma) / 1.4746))
    rows = (b"".join(struct.pack("<H", value) * SIDE for value in plane) for plane in planes)
    return b"".join(row * HEIGHT for row in rows)


@pytest.mark.parametrize(
    ("transfer", "wanted"), [("pq", PQ_2020), ("hlg", HLG_2020)], ids=["pq", "hlg"]
)
def test_a_film_looks_as_a_still(
    transfer: str, wanted: list[tuple[int, int, int]], tmp_path: Path
) -> None:
    probe = VideoProbe(width=WIDTH, height=HEIGHT, transfer=transfer, bit_depth=10)
    plan = Plan((Rung("h264", *SIZE, 23, 900),))
    preset = load(PACKAGED).named(None)
    task = VideoTask(Input("-", "rawvideo"), probe, plan, preset)
    write_table(probe, tmp_path)
    source = ffmpeg.input("-", f="rawvideo", pix_fmt="yuv444p10le", s=f"{WIDTH}x{HEIGHT}")
    shown = even_out(source.video.filter("setparams", range="tv"), task, tmp_path)
    shown = shown.filter("scale", in_color_matrix="bt709", flags="accurate_rnd+full_chroma_int")
    arguments = ffmpeg.get_args(ffmpeg.output(shown, "-", f="rawvideo", pix_fmt="rgb24"))
    run = subprocess.run(
        [find_ffmpeg(), "-v", "error", *arguments], input=frame(), capture_output=True, check=True
    )
    row = run.stdout[3 * WIDTH * SIDE : 3 * WIDTH * (SIDE + 1)]
    apart = []
    for number, right in enumerate(wanted):
        at = 3 * (SIDE * number + SIDE // 2)
        received = tuple(row[at : at + 3])
        apart.append(difference(srgb_to_lab(received), srgb_to_lab(right)))
        assert apart[-1] <= OFF, (PATCHES[number], received, right, apart[-1])
    assert fmean(apart) <= 1.5
