"""The largest images that the limits let in stay below the memory of the function."""

from __future__ import annotations

import re
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from PIL import Image

from lib import presets
from lib.adapters.sandbox.sandbox import Sandbox
from lib.imaging.metadata.timeline import MOST_FRAME_MEGAPIXELS
from lib.imaging.port import ImageTask
from tests.support.images import LIMITS, save
from tests.support.jpegs import FULL, flat_jpeg

ROOT = Path(__file__).parents[2]
SHARE = 0.6
"""Of the function's memory: encoders and the renditions on their way need some too."""

SIDE = int((LIMITS.image_megapixels * 1_000_000) ** 0.5)

WHOLE_MB = SIDE * SIDE * 4 / 1e6
"""What Pillow has of the largest image, 4 bytes a pixel."""

READ = """
import sys
from pathlib import Path
from lib import presets
from lib.imaging.load import read_picture
from lib.imaging.time_budget import TimeBudget
from lib.imaging.render import make_renditions
from lib.imaging.transform import Transform
from tests.bench.process import read_memory
loaded = presets.load(Path("presets.toml"))
limits, preset = loaded.limits, loaded.named(None).image
"""
WHOLE = (
    READ
    + """
picture = read_picture(Path(sys.argv[1]).read_bytes(), sys.argv[2], limits)
if picture.animation:
    for frame, _ in picture.animation.frames():
        pass
print(picture.image.width, read_memory("VmHWM") // 1024)
"""
)
RENDITIONS = (
    READ
    + """
widest = max(preset.widths)
picture = read_picture(Path(sys.argv[1]).read_bytes(), sys.argv[2], limits, widest=widest)
most = read_memory("VmRSS")
for made in make_renditions(picture, Transform(preset), TimeBudget(lambda: 600.0)):
    assert made.content, made.error
    most = max(most, read_memory("VmRSS"))
print(picture.image.width, most // 1024)
"""
)


@cache
def png() -> bytes:
    """Deep colour with transparency and an orientation, and hardly a byte."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)

    exif = b"MM\0*\0\0\0\x08\0\1\x01\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0"
    row = b"\0" + b"\xc0\0\x40\0\x20\0\x80\0" * SIDE
    packer = zlib.compressobj(1)
    pixels = b"".join(packer.compress(row) for _ in range(SIDE)) + packer.flush()
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", SIDE, SIDE, 16, 6, 0, 0, 0))
        + chunk(b"eXIf", exif)
        + chunk(b"cICP", bytes((12, 13, 0, 1)))
        + chunk(b"IDAT", pixels)
        + chunk(b"IEND", b"")
    )


@cache
def webp() -> bytes:
    flat = Image.new("RGBA", (SIDE, SIDE), "#00808080")
    return save(flat, "webp", lossless=True, method=0, quality=0)


@cache
def gif() -> bytes:
    """Two frames that are as large as an animation's may be, laid on each other."""
    side = int((MOST_FRAME_MEGAPIXELS * 1_000_000) ** 0.5)
    first, second = (Image.new("RGBA", (side, side), color) for color in ("teal", "#00000000"))
    second.paste("red", (9, 9, side, side - 9))
    return save(first, "gif", save_all=True, append_images=[second], disposal=2)


def megabytes_of_the_function() -> int:
    found = re.search(r"imageMemory: (\d+)", (ROOT / "serverless.yml").read_text())
    assert found
    return int(found[1])


@cache
def measure(script: str, source: bytes, container: str) -> tuple[int, int]:
    """Run a script on a source in a process of its own; return its two numbers: px and MB."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "source"
        path.write_bytes(source)
        command = [sys.executable, "-c", script, str(path), container]
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    width, megabytes = map(int, run.stdout.split())
    return width, megabytes


def tall() -> bytes:
    """As large as an image may be, and its renditions nearly too: widths are 1,920 px at most."""
    return save(Image.new("RGB", (1920, 52_000), "teal"), "png", compress_level=1)


def test_what_is_made_of_a_tall_image_fits():
    script = RENDITIONS.replace("assert made.content, made.error", "")
    script = script.replace("most = max(most", "most = max(read_memory('VmHWM'), most")
    width, megabytes = measure(script, tall(), "png")
    assert width == 1920
    assert megabytes <= SHARE * megabytes_of_the_function()


@pytest.mark.parametrize(("make", "container"), [(png, "png"), (webp, "webp"), (gif, "gif")])
def test_the_largest_image_fits(make: Callable[[], bytes], container: str):
    """Decoded and kept whole: the widths of a preset need less."""
    width, megabytes = measure(WHOLE, make(), container)
    assert width >= 5000
    assert megabytes <= SHARE * megabytes_of_the_function()


@pytest.mark.parametrize(("make", "container"), [(png, "png"), (webp, "webp"), (gif, "gif")])
def test_the_largest_image_is_let_through_the_wall(make: Callable[[], bytes], container: str):
    """What a child may have suffices, renditions included."""
    preset = presets.load(ROOT / "presets.toml").named(None).image
    task = ImageTask(make(), container, preset, LIMITS)
    sandbox = Sandbox.of_function(megabytes_of_the_function())
    with closing(sandbox), sandbox.open(task, lambda: 600.0) as opened:
        assert opened.probe.width
        assert all(made.content for made in opened.make_renditions())


LARGEST_JPEG = (16_320, 13_480)


def test_the_largest_jpeg_is_let_through_the_wall() -> None:
    """Progressive and without subsampling: nothing takes a decoder more."""
    loaded = presets.load(ROOT / "presets.toml")
    data = flat_jpeg(LARGEST_JPEG, FULL, progressive=True)
    task = ImageTask(data, "jpeg", loaded.named(None).image, loaded.limits)
    sandbox = Sandbox.of_function(megabytes_of_the_function())
    with closing(sandbox), sandbox.open(task, lambda: 600.0) as opened:
        assert opened.probe.width == LARGEST_JPEG[0]
        assert all(made.content for made in opened.make_renditions())


def test_one_of_200_megapixels_takes_little() -> None:
    script = RENDITIONS.replace('most = max(most, read_memory("VmRSS"))', "")
    script = script.replace('read_memory("VmRSS")', 'read_memory("VmHWM")')
    width, megabytes = measure(script, flat_jpeg((16_320, 12_240)), "jpeg")
    assert width == 1920
    assert megabytes <= 200


def test_a_step_holds_its_input_and_its_output_and_nothing_before_them():
    _, megabytes = measure(WHOLE, png(), "png")
    assert 1.5 * WHOLE_MB < megabytes <= 2.5 * WHOLE_MB


@pytest.mark.parametrize(("make", "container"), [(png, "png"), (webp, "webp")])
def test_nothing_of_the_source_is_held_while_renditions_are_made(
    make: Callable[[], bytes], container: str
):
    width, megabytes = measure(RENDITIONS, make(), container)
    assert width == max(presets.load(ROOT / "presets.toml").named(None).image.widths)
    # Encoders take 150 to 200 MB, as they meet each other; a source that is held, WHOLE_MB more.
    assert megabytes <= WHOLE_MB * 0.7
