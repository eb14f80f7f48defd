"""What is let in costs what docs/operations.md says at most: seconds of a processor, bytes made.

Each source is the worst that its checks let through, and goes through the whole job, in a process
that the kernel ends when it takes longer.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from lib import presets
from lib.domain.asset import AssetStatus
from lib.domain.errors import ErrorCode
from tests.media import hostile_images as hostile
from tests.robustness.mutations import outcome
from tests.support.images import photo, psd, save
from tests.support.jpegs import FULL, flat_jpeg

ROOT = Path(__file__).parents[2]

SECONDS, SECONDS_A_MEGABYTE = 60, 1
MADE_MEGABYTES, TIMES = 200, 50
"""f(n) and g(n) of the documentation, n in MB."""

LARGEST = (10_000, 9_990)
NOISE = Image.effect_noise((16, 16), 127)


def noise(size: tuple[int, int]) -> Image.Image:
    """Fill a picture with one small patch of noise: it packs well, and its renditions do not."""
    row = Image.new("L", (size[0], 16))
    for x in range(0, size[0], 16):
        row.paste(NOISE, (x, 0))
    whole = Image.new("L", size)
    for y in range(0, size[1], 16):
        whole.paste(row, (0, y))
    return whole.convert("RGB")


def largest_of_many_scans() -> bytes:
    flat = save(Image.new("L", LARGEST, 99), "jpeg", progressive=True)
    last = flat[flat.rindex(b"\xff\xda") : -2]
    return flat[:-2] + last * (100 - flat.count(b"\xff\xda")) + flat[-2:]


def cut_in_many_scans() -> bytes:
    """Leave out the end: it is decoded up to five times."""
    flat = flat_jpeg((16_320, 13_480), FULL, progressive=True)
    return flat[:-2] + flat[flat.rindex(b"\xff\xda") :][:10] * 41


def animation() -> bytes:
    frames = [noise((320, 320)).rotate(90 * turn) for turn in range(4)] * 10
    more = {"save_all": True, "append_images": frames[1:], "duration": 40}
    return save(frames[0], "png", **more)


WORST: dict[str, Callable[[], bytes]] = {
    "scans": largest_of_many_scans,
    "scans, cut": cut_in_many_scans,
    "segments": lambda: hostile.jpeg_of_segments(9_900),
    "tall": lambda: save(noise((1920, 4_000)), "png"),
    "chunks": lambda: hostile.png_of_chunks(150_000, hostile.chunk(b"prVt", bytes(52)), b"IDAT"),
    "blocks": lambda: hostile.gif_of(b"!\xfe\xff" + bytes([7]) * 255 + b"\0", 20_000),
    "frames": animation,
    "strips": lambda: hostile.tiff_of_strips((1, 4_900), [(8, 1)] * 4_900, b"\7"),
    "deflated": lambda: save(Image.new("L", LARGEST), "tiff", compression="tiff_adobe_deflate"),
    "code-blocks": lambda: hostile.codestream((2_500, 2_500), main=hostile.coding(block=0)),
    "wavelets": lambda: save(Image.new("L", (5_000, 5_000)), "jpeg2000"),
    "resources": lambda: psd(photo(), resources=hostile.photoshop_resources(9_900)),
    "runs": lambda: hostile.bmp_of_run_lengths(2_000_000),
    "coded": lambda: save(Image.new("RGB", (6_000, 6_000), "teal"), "avif", speed=10),
}

NEVER = frozenset((ErrorCode.LIMIT_EXCEEDED, AssetStatus.REJECTED))
"""How none of these ends: that would show no cost at all."""


@pytest.mark.parametrize("name", WORST)
def test_what_is_let_in_is_bounded(name: str, tmp_path: Path):
    source = tmp_path / "source"
    source.write_bytes(WORST[name]())
    megabytes = source.stat().st_size / 1e6
    seconds = int(SECONDS + SECONDS_A_MEGABYTE * megabytes)

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))

    command = [sys.executable, "-m", "tests.robustness.test_image_work", str(source)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, preexec_fn=limited)
    assert run.returncode == 0, run.stderr[-2000:]
    result, made = json.loads(run.stdout)
    assert result not in NEVER
    assert made <= (MADE_MEGABYTES + TIMES * megabytes) * 1e6


def test_the_documentation_says_so():
    told = (ROOT / "docs" / "operations.md").read_text("utf-8")
    assert f"{SECONDS} s + {SECONDS_A_MEGABYTE} s × n" in told
    assert f"{MADE_MEGABYTES} MB + {TIMES} × n" in told


if __name__ == "__main__":
    print(json.dumps(outcome(Path(sys.argv[1]).read_bytes(), presets.load(presets.PACKAGED))))
