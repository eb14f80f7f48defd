"""What is used of Pillow's inside still is as we take it: one test for each name of it."""

from __future__ import annotations

import ast
import io
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageSequence
from PIL.AvifImagePlugin import AvifImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from lib.imaging import pillow
from tests.media.animation_files import lzw, solid, write_gif
from tests.support.images import photo, save
from tests.support.pngs import png

ROOT = Path(__file__).parents[2]
INSIDE = {"OPEN_INFO", "MODES", "SAVE", "OPEN", "core"}
INSIDE_OF_IMAGES = {"im", "tile", "getim", "rawmode"}
"""Names without an underscore that Pillow does not document."""

PILLOWS = ("PIL", "pillow_heif")


def test_pixels_are_shared_and_what_is_beside_them_is_not() -> None:
    image = photo()
    image.info["icc_profile"] = b"profile"
    shared = pillow.share_pixels(image)
    shared.info.clear()
    image.putpixel((0, 0), (1, 2, 3))
    assert shared.getpixel((0, 0)) == (1, 2, 3)
    assert image.info["icc_profile"] == b"profile"
    assert (shared.mode, shared.size) == (image.mode, image.size)


def test_an_animated_webp_has_the_transparency_that_its_flag_denies() -> None:
    frames = [Image.new("RGBA", (8, 8), color) for color in ("#f00f", "#00f8")]
    data = bytearray(save(frames[0], "webp", save_all=True, append_images=frames[1:]))
    data[20] &= ~0x10  # VP8X: alpha
    assert WebPImageFile(io.BytesIO(data)).mode == "RGB"
    image = pillow.open_webp(io.BytesIO(data))
    assert image.mode == "RGBA"
    image.seek(1)
    assert image.getpixel((0, 0))[3] == 0x88  # type: ignore[index]


@pytest.mark.parametrize(
    ("container", "opened"), [("webp", WebPImageFile), ("avif", AvifImageFile)]
)
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_the_first_frame_is_that_which_pillow_decodes(
    container: str, opened: type[WebPImageFile], mode: str
) -> None:
    data = save(photo().convert(mode), container)
    image = opened(io.BytesIO(data))
    taken = pillow.take_first_frame(image)
    assert taken.convert(mode).tobytes() == opened(io.BytesIO(data)).convert(mode).tobytes()
    with pytest.raises(AttributeError):
        image.load()  # its decoder is gone


def test_a_webp_animation_has_its_frames_times_and_plays() -> None:
    animation = pillow.WebPAnimation((8, 8), 3, (9, 17))
    for at_ms, color in ((0, "red"), (120, "lime")):
        frame = Image.new("RGB", (8, 8), color)
        animation.add(frame, at_ms, quality=80, lossless=True, method=0)
    read = WebPImageFile(io.BytesIO(animation.assemble(200, b"")))
    assert read.info["loop"] == 3
    frames = [
        (frame.convert("RGB").getpixel((4, 4)), frame.info["duration"])
        for frame in ImageSequence.Iterator(read)
    ]
    assert frames == [((255, 0, 0), 120), ((0, 255, 0), 80)]


def test_an_animated_webp_that_is_only_cleared_says_that_it_is_transparent() -> None:
    animation = pillow.WebPAnimation((8, 8), 0, (9, 17))
    frames = Image.new("RGB", (8, 8), "red"), Image.new("RGBA", (8, 8))
    frames[1].paste("red", (0, 0, 4, 8))
    for at_ms, frame in enumerate(frames):
        animation.add(frame, 100 * at_ms, quality=80, lossless=True, method=0)
    read = WebPImageFile(io.BytesIO(animation.assemble(200, b"")))
    assert read.mode == "RGBA"
    read.seek(1)
    assert read.getpixel((7, 0))[3] == 0  # type: ignore[index]


def test_one_frame_that_is_left_of_an_animation_keeps_its_transparency() -> None:
    animation = pillow.WebPAnimation((8, 8), 0, (9, 17))
    animation.add(Image.new("RGBA", (8, 8), "#f008"), 0, quality=80, lossless=True, method=0)
    read = WebPImageFile(io.BytesIO(animation.assemble(100, b"")))
    assert read.getpixel((0, 0)) == (255, 0, 0, 0x88)


def test_a_gif_whose_codes_end_early_raises() -> None:
    """Though they end in good order: it is how missing pixels are noticed."""
    short = replace(solid((4, 4), 7), codes=lzw(bytes([7]) * 15))
    image = GifImageFile(io.BytesIO(write_gif((4, 4), [short])))
    with pytest.raises(OSError, match="truncated"):
        image.load()


def test_what_was_decoded_when_the_bytes_ended_is_kept() -> None:
    data = save(Image.effect_noise((64, 64), 80), "gif")
    cut = GifImageFile(io.BytesIO(data[:-40]))
    with pytest.raises(OSError, match="truncated"):
        cut.load()
    pillow.keep_what_was_decoded(cut)
    whole = GifImageFile(io.BytesIO(data)).convert("L").tobytes()
    there = cut.convert("L").tobytes()
    assert there[: 32 * 64] == whole[: 32 * 64]
    assert there != whole


def test_the_low_bytes_of_colors_can_be_read() -> None:
    image = PngImageFile(io.BytesIO(png((1, 1), 16, 2, bytes((0, 1, 2, 3, 4, 5, 6)))))
    pillow.set_raw_mode(image, "RGB;16L")
    assert image.getpixel((0, 0)) == (2, 4, 6)


def test_nothing_else_reaches_into_pillow() -> None:
    found = {path: reaches(path) for path in sorted((ROOT / "lib").rglob("*.py"))}
    assert found.pop(ROOT / "lib/imaging/pillow.py")
    assert {str(path): names for path, names in found.items() if names} == {}


def reaches(path: Path) -> list[str]:
    """Return the names in a file that are of Pillow's inside."""
    tree = ast.parse(path.read_text())
    found, uses_pillow = [], False
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in PILLOWS:
            uses_pillow = True
            names = [*(node.module or "").split("."), *(each.name for each in node.names)]
            found += [name for name in names if is_private(name) or name in INSIDE]
        elif isinstance(node, ast.Import):
            parts = [part for each in node.names for part in each.name.split(".")]
            if parts[0] in PILLOWS:
                uses_pillow = True
                found += [part for part in parts if is_private(part)]
    if uses_pillow:
        found += [
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and (node.attr in INSIDE_OF_IMAGES or is_private(node.attr))
            and not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls", "os"))
        ]
    return found


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")
