"""The rows of the scorecard: what is asked for, of which source, and what has to come out."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image, ImageChops, ImageCms, ImageDraw, ImageOps, ImageSequence

from lib.errors import ErrorCode
from lib.presets import Box, Fit, Watermark
from tests.ciede2000 import difference, srgb_to_lab
from tests.images import MEDIA, icon, photo, psd, save, tiff

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
Check = Callable[[bytes], bool]
Options = Mapping[str, object]
FINE = {"avif": 90, "webp": 95, "jpeg": 95}
RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
CORNERS = (RED, GREEN, BLUE, (255, 255, 255))
MARK = save(Image.new("RGB", (50, 50), RED), "png")

# What a camera that is held in this way stores: the inverse of what makes it upright.
STORED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@dataclass(frozen=True, slots=True)
class Case:
    """One row: the first rendition of `source` under the default preset with `preset` changed.

    `wanted` judges the rendition's bytes, or is the code with which the source is refused. `peer`
    is what sharp is asked for, None where it has no option for it.
    """

    name: str
    source: bytes
    wanted: Check | ErrorCode
    preset: Options = field(default_factory=dict)
    peer: Options | None = field(default_factory=dict)


def cases() -> Iterator[Case]:
    """Build all rows."""
    yield from _containers()
    yield from _refusals()
    yield from _orientations()
    yield from _colors()
    yield from _transparency()
    yield from _animations()
    yield from _shapes()
    yield from _finish()
    yield from _metadata()


def _containers() -> Iterator[Case]:
    image = photo()
    same = looks_like(image)
    sources = {
        "JPEG": save(image, "jpeg", quality=95),
        "JPEG, progressive": save(image, "jpeg", quality=95, progressive=True),
        "PNG": save(image, "png"),
        "WebP": save(image, "webp", quality=95),
        "AVIF": save(image, "avif", quality=95),
        "HEIC": save(image, "heif", quality=95),
        "TIFF": save(image, "tiff"),
        "BMP": save(image, "bmp"),
        "JPEG 2000": save(image, "jpeg2000"),
        "PSD, flattened": psd(image),
        "ICO, the largest image": icon(photo((16, 16)), image),
    }
    for name, source in sources.items():
        yield Case(f"in: {name}", source, same)
    palette = image.quantize(64)
    alike = looks_like(palette.convert("RGB"))
    yield Case("in: PNG with a palette", save(palette, "png"), alike)
    yield Case("in: GIF, still", save(palette, "gif"), alike)
    bits = image.convert("1")
    yield Case("in: PNG of 1 bit", save(bits, "png"), looks_like(bits.convert("RGB")))


def _refusals() -> Iterator[Case]:
    name = "refused: "
    truncated = (MEDIA / "truncated.jpg").read_bytes()
    bomb = bytearray(save(Image.new("L", (8, 8)), "bmp"))
    struct.pack_into("<ii", bomb, 18, 60_000, 60_000)
    frames = [Image.new("1", (4, 4), index % 2) for index in range(1001)]
    film = save(frames[0], "gif", save_all=True, append_images=frames[1:], duration=20)
    raw = tiff(bytes(64), (8, 8), bits=8, photometric=1, extra=((50_706, 1, 4, 0x0104),))
    unsupported, limit = ErrorCode.UNSUPPORTED_MEDIA, ErrorCode.LIMIT_EXCEEDED
    yield Case(f"{name}a truncated photo", truncated, ErrorCode.CORRUPT_MEDIA)
    yield Case(f"{name}3.6 gigapixels, by the header", bytes(bomb), limit)
    yield Case(f"{name}1001 frames", film, limit, peer=None)
    yield Case(f"{name}SVG", b'<svg xmlns="http://www.w3.org/2000/svg"/>', unsupported, peer=None)
    yield Case(f"{name}PDF", b"%PDF-1.7\n" + bytes(64), unsupported, peer=None)
    yield Case(f"{name}RAW", raw, unsupported, peer=None)


def _orientations() -> Iterator[Case]:
    upright = Image.new("RGB", (96, 64))
    for index, color in enumerate(CORNERS):
        upright.paste(color, _quarter(index))
    for orientation in range(1, 9):
        method = STORED.get(orientation)
        stored = upright if method is None else upright.transpose(method)
        exif = Image.Exif()
        exif[0x0112] = orientation
        source = save(stored, "jpeg", quality=95, exif=exif.tobytes())
        yield Case(f"upright: EXIF orientation {orientation}", source, is_upright)
        if orientation in (5, 6):
            for container in ("heif", "avif"):
                boxes = save(stored, container, quality=95, exif=exif.tobytes())
                assert b"irot" in boxes
                name = f"upright: {container.upper()} boxes for orientation {orientation}"
                yield Case(name, boxes, is_upright)


def _quarter(index: int) -> tuple[int, int, int, int]:
    left, top = index % 2 * 48, index // 2 * 32
    return left, top, left + 48, top + 32


def _colors() -> Iterator[Case]:
    for name, file in {
        "Display P3": MEDIA / "wide-gamut.png",
        "Adobe RGB": MEDIA / "été à la plage + sunset v1.2.final.jpg",
        "CMYK with a profile": CORPUS / "Channel_digital_image_CMYK_color.jpg",
    }.items():
        if file.exists():
            with Image.open(file) as image:
                wanted = by_littlecms(image)
            yield Case(f"colour: {name}", file.read_bytes(), same_colors(wanted))
    ink = (MEDIA / "ink.jpg").read_bytes()
    with Image.open(MEDIA / "ink.jpg") as image:
        naive = image.convert("RGB")
    yield Case("colour: CMYK without a profile", ink, same_colors(naive), peer=None)
    lab = struct.pack("<Hhh", *(round(v) for v in (54.29 * 655.35, 80.81 * 256, 69.89 * 256)))
    source = tiff(lab * 1024, (32, 32), bits=16, photometric=8, channels=3)
    red = Image.new("RGB", (32, 32), RED)
    yield Case("colour: Lab of 16 bits", source, same_colors(red))
    row = [round(x / 511 * 65_535) for x in range(512)]
    grey = tiff(struct.pack("<512H", *row) * 64, (512, 64), bits=16, photometric=1)
    deep = struct.pack("<1536H", *(value for value in row for _ in "rgb")) * 64
    rgb = tiff(deep, (512, 64), bits=16, photometric=2, channels=3)
    yield Case("16 bits: grey, no bands or clipping", grey, is_ramp)
    yield Case("16 bits: RGB, no bands or clipping", rgb, is_ramp)


def _transparency() -> Iterator[Case]:
    image = Image.new("RGBA", (64, 64), (*RED, 255))
    image.paste((0, 0, 0, 0), (0, 0, 32, 64))
    source = save(image, "png")

    def kept(content: bytes) -> bool:
        alpha = Image.open(io.BytesIO(content)).convert("RGBA").getchannel("A")
        return [alpha.crop((x, 32, x + 1, 33)).tobytes()[0] for x in (8, 56)] == [0, 255]

    def flattened(content: bytes) -> bool:
        return colors(content, (8, 32), (56, 32)) == [GREEN, RED]

    for each in ("avif", "webp"):
        yield Case(f"alpha: kept in {each}", source, kept, {"formats": (each,)})
    yield Case(
        "alpha: on the background in jpeg",
        source,
        flattened,
        {"formats": ("jpeg",), "background": "#00ff00"},
        {"flatten": "#00ff00"},
    )


def _animations() -> Iterator[Case]:
    peer = {"animated": True}
    plays = {"zoom.gif": ([400, 80, 80, 80, 80, 1200], 3), "sweep.webp": ([120] * 5, 0)}
    for name, (durations, loops) in plays.items():
        source = (MEDIA / name).read_bytes()

        def timed(content: bytes, durations: list[int] = durations, loops: int = loops) -> bool:
            film = Image.open(io.BytesIO(content))
            times = []
            for index in range(getattr(film, "n_frames", 1)):
                film.seek(index)
                film.load()
                times.append(film.info.get("duration"))
            return times == durations and film.info.get("loop") == loops

        def alike(content: bytes, name: str = name) -> bool:
            with Image.open(MEDIA / name) as film:
                originals = [frame.convert("RGBA") for frame in ImageSequence.Iterator(film)]
            film = Image.open(io.BytesIO(content))
            frames = [frame.convert("RGBA") for frame in ImageSequence.Iterator(film)]
            return len(frames) == len(originals) and all(
                distance(on_white(one), on_white(other).resize(one.size, 3)) < 8
                for one, other in zip(frames, originals, strict=True)
            )

        small: Options = {"widths": (80,)}
        yield Case(f"animation: {name}, durations and loops", source, timed, small, peer)
        yield Case(f"animation: {name}, every frame's pixels", source, alike, small, peer)


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
        strip = _rgb(content)
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

    def sampled(content: bytes) -> bool:
        with Image.open(MEDIA / "hubble.jpg") as image:
            reference = image.convert("RGB").resize((250, 218), Image.Resampling.LANCZOS)
        return distance(Image.open(io.BytesIO(content)).convert("RGB"), reference) < 4

    source = (MEDIA / "hubble.jpg").read_bytes()
    yield Case(
        "scaled as by Lanczos", source, sampled, {"widths": (250,)}, {"resize": {"width": 250}}
    )


def _metadata() -> Iterator[Case]:
    source = (MEDIA / "portrait-gps.jpg").read_bytes()
    for each in ("avif", "webp", "jpeg"):
        yield Case(f"no EXIF, GPS, XMP, ICC in {each}", source, is_bare, {"formats": (each,)})
    exif = Image.Exif()
    exif[0x8298], exif[0x010F] = "(c) Ada", "Pocket"
    owned = save(photo(), "jpeg", quality=95, exif=exif.tobytes())
    for each in ("avif", "webp", "jpeg"):
        keep: Options = {"formats": (each,), "keep_copyright": True}
        yield Case(f"copyright alone, if asked, in {each}", owned, is_owned, keep, None)
    yield Case("no copyright unless asked", owned, is_bare)


def is_bare(content: bytes) -> bool:
    """Tell whether a rendition has pixels alone."""
    info = Image.open(io.BytesIO(content)).info
    names = ("exif", "xmp", "icc_profile", "XML:com.adobe.xmp", "photoshop")
    return b"Pocket" not in content and not any(info.get(name) for name in names)


def is_owned(content: bytes) -> bool:
    """Tell whether a rendition has a copyright and nothing else."""
    exif = Image.open(io.BytesIO(content)).getexif()
    return b"Pocket" not in content and dict(exif) == {0x8298: "(c) Ada"}


def is_upright(content: bytes) -> bool:
    """Tell whether the four corners are where they belong."""
    points = ((8, 8), (87, 8), (8, 55), (87, 55))
    return size_of(content) == (96, 64) and colors(content, *points) == list(CORNERS)


def is_ramp(content: bytes) -> bool:
    """Tell whether black runs to white evenly."""
    image = Image.open(io.BytesIO(content)).convert("L")
    row = list(image.resize((image.width, 1), Image.Resampling.BOX).tobytes())
    wanted = [round((x + 0.5) / len(row) * 255) for x in range(len(row))]
    return near(row, wanted, 3) and len(set(row)) > 200


def looks_like(image: Image.Image) -> Check:
    """Return a check for the same size and nearly the same pixels."""

    def check(content: bytes) -> bool:
        return size_of(content) == image.size and distance(_rgb(content), image) < 6

    return check


def same_colors(image: Image.Image) -> Check:
    """Return a check for a mean ΔE2000 of at most 2 against an sRGB image."""

    def check(content: bytes) -> bool:
        pairs = zip(_patches(_rgb(content)), _patches(image), strict=True)
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


def _rgb(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content)).convert("RGB")


def size_of(content: bytes) -> tuple[int, int]:
    """Return width and height in px."""
    return Image.open(io.BytesIO(content)).size


def colors(content: bytes, *points: tuple[int, int]) -> list[tuple[int, ...]]:
    """Return the colour at each point, of a channel 0 or 255 or neither."""
    image = _rgb(content)
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
