"""What the rows of the scorecard judge renditions by: bytes in, right or wrong out."""

from __future__ import annotations

import io
from collections.abc import Callable

from PIL import Image, ImageChops, ImageCms

from lib.imaging.auto_quality import measure_ssim
from tests.support.ciede2000 import difference, srgb_to_lab

Check = Callable[[bytes], bool]
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def is_ramp(content: bytes) -> bool:
    """Tell whether black runs to white evenly."""
    image = Image.open(io.BytesIO(content)).convert("L")
    row = list(image.resize((image.width, 1), Image.Resampling.BOX).tobytes())
    wanted = [round((x + 0.5) / len(row) * 255) for x in range(len(row))]
    return near(row, wanted, 3) and len(set(row)) > 200


def looks_like(image: Image.Image) -> Check:
    """Return a check for the same size and nearly the same pixels."""

    def check(content: bytes) -> bool:
        return size_of(content) == image.size and distance(rgb(content), image) < 6

    return check


def same_colors(image: Image.Image) -> Check:
    """Return a check for a mean ΔE2000 of at most 2 against an sRGB image."""

    def check(content: bytes) -> bool:
        pairs = zip(_patches(rgb(content)), _patches(image), strict=True)
        found = [difference(srgb_to_lab(one), srgb_to_lab(other)) for one, other in pairs]
        return sum(found) / len(found) <= 2

    return check


def by_littlecms(image: Image.Image) -> Image.Image:
    """Convert by the embedded profile with LittleCMS alone."""
    profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
    converted = ImageCms.profileToProfile(
        image,
        profile,
        ImageCms.createProfile("sRGB"),
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    assert converted is not None
    return converted


def _patches(image: Image.Image) -> list[tuple[int, ...]]:
    content = image.resize((24, 16), Image.Resampling.BOX).tobytes()
    return [tuple(content[at : at + 3]) for at in range(0, len(content), 3)]


def rgb(content: bytes) -> Image.Image:
    """Decode a rendition, without its alpha."""
    return Image.open(io.BytesIO(content)).convert("RGB")


def size_of(content: bytes) -> tuple[int, int]:
    """Return width and height in px."""
    return Image.open(io.BytesIO(content)).size


def colors(content: bytes, *points: tuple[int, int]) -> list[tuple[int, ...]]:
    """Return the colour at each point, of a channel 0 or 255 or neither."""
    image = rgb(content)
    found = [image.crop((x, y, x + 1, y + 1)).tobytes() for x, y in points]
    return [tuple(_pure(value) for value in pixel) for pixel in found]


def _pure(value: int) -> int:
    return 0 if value < 40 else 255 if value > 215 else value


def near(received: list[int], wanted: list[int], within: int = 2) -> bool:
    """Tell whether all values are within a distance."""
    return all(abs(a - b) <= within for a, b in zip(received, wanted, strict=True))


def distance(one: Image.Image, other: Image.Image) -> float:
    """Return the mean absolute difference of all channels, 0–255."""
    content = ImageChops.difference(one, other).tobytes()
    return sum(content) / len(content)


def on_white(image: Image.Image) -> Image.Image:
    """Lay an RGBA image on white."""
    paper = Image.new("RGB", image.size, "white")
    paper.paste(image, mask=image.getchannel("A"))
    return paper


def as_by_lanczos(whole: Image.Image) -> Check:
    """Return a check for an SSIM of at least 0.99 to an image scaled in one Lanczos step."""

    def check(content: bytes) -> bool:
        made = rgb(content)
        reference = whole.convert("RGB").resize(made.size, Image.Resampling.LANCZOS)
        return measure_ssim(reference, made) >= 0.99

    return check
