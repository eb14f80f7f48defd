"""Rows about boxes, widths and what is laid over or kept to the pixel."""

from __future__ import annotations

import io
from collections.abc import Iterator

from PIL import Image, ImageDraw, ImageOps

from lib.presets import Box, Fit, Watermark
from tests.conformance.scorecard.case import Case, Options
from tests.conformance.scorecard.judges import (
    BLUE,
    GREEN,
    RED,
    Check,
    colors,
    distance,
    rgb,
    size_of,
)
from tests.support.images import MEDIA, photo, save

MARK = save(Image.new("RGB", (50, 50), RED), "png")


def cases() -> Iterator[Case]:
    """Build the rows."""
    yield from _shapes()
    yield from _finish()


def _shapes() -> Iterator[Case]:
    wide = Image.new("RGB", (400, 80), RED)
    wide.paste(BLUE, (200, 0, 400, 80))
    halves = save(wide, "png")

    def box(fit: Fit, position: str) -> Options:
        return {"widths": (), "boxes": (Box("box", 50, 50, fit, position),)}

    def shows(size: tuple[int, int], *wanted: tuple[int, int, int]) -> Check:
        def check(content: bytes) -> bool:
            middle = size[1] // 2
            found = colors(content, (3, middle), (size[0] - 4, middle), (25, 2))
            return size_of(content) == size and found[: len(wanted)] == list(wanted)

        return check

    half = shows((50, 50), RED, BLUE)
    cover, contain = {"width": 50, "height": 50, "fit": "cover"}, {"width": 50, "height": 50}
    yield Case("cover: centre", halves, half, box(Fit.COVER, "centre"), {"resize": cover})
    east = {"resize": {**cover, "position": "east"}}
    yield Case("cover: east", halves, shows((50, 50), BLUE, BLUE), box(Fit.COVER, "east"), east)
    inside = {"resize": {**contain, "fit": "inside"}}
    yield Case("inside", halves, shows((50, 10), RED, BLUE), box(Fit.INSIDE, "centre"), inside)
    filled = {"resize": {**contain, "fit": "contain", "background": "#00ff00"}}
    on_green = {**box(Fit.CONTAIN, "centre"), "background": "#00ff00"}
    yield Case("contain", halves, shows((50, 50), RED, BLUE, GREEN), on_green, filled)

    for side, place in (("left", 40), ("right", 340)):
        plain = Image.new("RGB", (400, 100), (128, 128, 128))
        ImageDraw.Draw(plain).ellipse((place, 30, place + 30, 60), fill=(250, 240, 20))

        def found(content: bytes) -> bool:
            blue = Image.open(io.BytesIO(content)).convert("RGB").getchannel("B")
            return sum(blue.point(lambda value: value < 70).tobytes()) > 100

        look = {"resize": {**cover, "position": "attention"}}
        source = save(plain, "png")
        name = f"attention: the only thing, at the {side}"
        yield Case(name, source, found, box(Fit.COVER, "attention"), look)

    with Image.open(MEDIA / "portrait-gps.jpg") as file:
        portrait = ImageOps.exif_transpose(file)
    face = portrait.resize((192, 256)).crop((60, 44, 105, 84))  # from the eyes to the chin

    def has_face(content: bytes) -> bool:
        strip = rgb(content)
        places = ((60, y, 105, y + 40) for y in range(strip.height - 39))
        return any(distance(face, strip.crop(place)) < 8 for place in places)

    strip = {"widths": (), "boxes": (Box("box", 192, 75, Fit.COVER, "attention"),)}
    look = {"resize": {"width": 192, "height": 75, "fit": "cover", "position": "attention"}}
    yield Case("attention: a face", save(portrait, "png"), has_face, strip, look)

    def unscaled(content: bytes) -> bool:
        return size_of(content) == (120, 80)

    whole = {"resize": {"width": 640, "withoutEnlargement": True}}
    yield Case("never upscaled", save(photo(), "png"), unscaled, {"widths": (640,)}, whole)


def _finish() -> Iterator[Case]:
    paper = save(Image.new("RGB", (200, 100), BLUE), "png")

    def marked(content: bytes) -> bool:
        return colors(content, (187, 87), (10, 10), (140, 20)) == [RED, BLUE, BLUE]

    mark = {"watermark": Watermark("config/logo.png", "south-east", 1.0, 0.25)}
    yield Case("watermark: south-east", paper, marked, mark, {"mark": "southeast"})

    chart = Image.new("RGB", (320, 200), "white")
    draw = ImageDraw.Draw(chart)
    for index, color in enumerate(("#c00", "#0a0", "#00c", "#fa0")):
        draw.rectangle((20 + index * 70, 180 - index * 40, 70 + index * 70, 190), fill=color)
        draw.text((30 + index * 70, 160 - index * 40), f"{index} kg", fill="black")

    def exact(content: bytes) -> bool:
        return Image.open(io.BytesIO(content)).convert("RGB").tobytes() == chart.tobytes()

    yield Case("drawing: to the pixel", save(chart, "png"), exact, peer={"lossless": True})
