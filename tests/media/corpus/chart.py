"""The picture that nearly every file of the corpus shows: six patches, no two corners alike.

Its colours are chosen in sRGB. Whoever writes a file converts them to what the file stores, by the
published formulas; whoever reads it has to arrive at these numbers again.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

Color = tuple[int, ...]
Patches = tuple[Color, ...]
"""Three of the upper row, three of the lower, from the left. 8 bits a channel, sRGB."""

PATCH = 32
COLUMNS, ROWS = 3, 2
SIZE = (COLUMNS * PATCH, ROWS * PATCH)
MIDDLE = 4
"""How far from its middle a patch is looked at, in px: codecs blur its edges."""

EXPECTED = tomllib.loads(Path(__file__).with_name("expected.toml").read_text("utf-8"))
SHOWN: dict[str, Patches] = {
    name: tuple(map(tuple, patches)) for name, patches in EXPECTED["shows"].items()
}
COLORS = SHOWN["colors"]
GREYS = tuple(color[:1] for color in SHOWN["greys"])
BLACK_AND_WHITE = tuple(color[:1] for color in SHOWN["black_and_white"])


def draw(patches: Sequence[Color], mode: str = "RGB") -> Image.Image:
    """Draw patches of as many channels as the mode has."""
    image = Image.new(mode, SIZE)
    for index, color in enumerate(patches):
        x, y = index % COLUMNS * PATCH, index // COLUMNS * PATCH
        value = color if len(color) > 1 else color[0]
        image.paste(value, (x, y, x + PATCH, y + PATCH))
    return image


def rows(pixels: Sequence[bytes]) -> list[bytes]:
    """Spread one pixel's bytes of each patch over the rows of the picture."""
    upper, lower = (
        b"".join(pixel * PATCH for pixel in pixels[at : at + COLUMNS]) for at in (0, COLUMNS)
    )
    return [upper] * PATCH + [lower] * PATCH


def patches_of(image: Image.Image, across: int = COLUMNS, down: int = ROWS) -> list[Color]:
    """Return the mean of the middle of each patch, in a picture of any size."""
    width, height = image.width / across, image.height / down
    x_reach, y_reach = min(width / 4, MIDDLE), min(height / 4, MIDDLE)
    found = []
    for index in range(across * down):
        x, y = (index % across + 0.5) * width, (index // across + 0.5) * height
        box = (x - x_reach, y - y_reach, x + x_reach, y + y_reach)
        found.append(tuple(image.resize((1, 1), Image.Resampling.BOX, box).tobytes()))
    return found
