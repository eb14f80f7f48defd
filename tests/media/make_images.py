"""Derive the image samples from the photos of the scikit-image wheel (0.26.0).

    python -m tests.media.make_images PATH/skimage/data

Nothing runs this by itself: the samples are committed. It documents how they came to be.
"""

from __future__ import annotations

import io
import math
import sys
from pathlib import Path

import pillow_heif
from PIL import Image, ImageDraw
from PIL.ExifTags import GPS, IFD, Base

from lib.imaging.color.icc import write_profile

HERE = Path(__file__).parent

DISPLAY_P3 = (0.3127, 0.3290, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060)


def srgb(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else math.pow((value + 0.055) / 1.055, 2.4)


def jpeg(image: Image.Image, quality: int = 85, exif: Image.Exif | None = None) -> bytes:
    file = io.BytesIO()
    profile = image.info.get("icc_profile")
    image.save(file, "JPEG", quality=quality, exif=exif or Image.Exif(), icc_profile=profile)
    return file.getvalue()


def phone_exif() -> Image.Exif:
    """Orientation 6, a camera, a moment and a place (the Eiffel Tower)."""
    exif = Image.Exif()
    exif[Base.Make] = "Pocket"
    exif[Base.Model] = "Pocket Phone 7"
    exif[Base.Orientation] = 6
    exif.get_ifd(IFD.Exif).update(
        {Base.DateTimeOriginal: "2024:07:14 21:30:05", Base.OffsetTimeOriginal: "+02:00"}
    )
    exif.get_ifd(IFD.GPSInfo).update(
        {
            GPS.GPSLatitudeRef: "N",
            GPS.GPSLatitude: (48.0, 51.0, 30.24),
            GPS.GPSLongitudeRef: "E",
            GPS.GPSLongitude: (2.0, 17.0, 40.2),
        }
    )
    return exif


def zoom(photo: Image.Image) -> list[Image.Image]:
    """Six steps towards the middle, in 32 colours."""
    width, height = photo.size
    boxes = ((width * n // 20, height * n // 20) for n in range(6))
    steps = (photo.crop((x, y, width - x, height - y)).resize((160, 140)) for x, y in boxes)
    return [step.quantize(32, dither=Image.Dither.NONE) for step in steps]


def sweep(photo: Image.Image) -> list[Image.Image]:
    """Five steps of a spotlight over a photo that is transparent elsewhere."""
    steps = []
    for n in range(5):
        light = Image.new("L", photo.size)
        ImageDraw.Draw(light).ellipse((n * 20, n * 20, n * 20 + 80, n * 20 + 80), fill=255)
        step = photo.copy()
        step.putalpha(light)
        steps.append(step)
    return steps


def main(photos: Path) -> None:
    def photo(name: str) -> Image.Image:
        return Image.open(photos / name).convert("RGB")

    portrait = photo("astronaut.png").crop((60, 0, 444, 512))
    sideways = portrait.transpose(Image.Transpose.ROTATE_90)
    (HERE / "portrait-gps.jpg").write_bytes(jpeg(sideways, exif=phone_exif()))

    pillow_heif.from_pillow(photo("coffee.png")).save(HERE / "coffee.heic", quality=60)

    rocket = photo("rocket.jpg").crop((160, 40, 480, 400))
    spotlight = Image.new("L", rocket.size)
    ImageDraw.Draw(spotlight).ellipse((10, 10, 310, 350), fill=255)
    rocket.putalpha(spotlight)
    rocket.save(HERE / "rocket-alpha.png", optimize=True)

    (HERE / "hubble.jpg").write_bytes(jpeg(photo("hubble_deep_field.jpg"), quality=80))
    (HERE / "really-a-jpeg.txt").write_bytes(jpeg(photo("chelsea.png"), quality=80))
    (HERE / "été à la plage + sunset v1.2.final.jpg").write_bytes(jpeg(photo("rocket.jpg")))

    first, *others = zoom(photo("hubble_deep_field.jpg"))
    times = [400, 80, 80, 80, 80, 1200]
    first.save(
        HERE / "zoom.gif",
        save_all=True,
        append_images=others,
        duration=times,
        loop=2,
        optimize=True,
    )
    first, *others = sweep(rocket.convert("RGB").resize((160, 180)))
    first.save(
        HERE / "sweep.webp", save_all=True, append_images=others, duration=120, loop=0, quality=60
    )
    chelsea = photo("chelsea.png").resize((300, 200))
    chelsea.save(HERE / "cat.jp2", quality_layers=[20], irreversible=True)
    ink = photo("coffee.png").resize((300, 200)).convert("CMYK")
    (HERE / "ink.jpg").write_bytes(jpeg(ink, quality=75))
    display_p3 = write_profile("Display P3", DISPLAY_P3, srgb)
    photo("coffee.png").resize((200, 133)).save(
        HERE / "wide-gamut.png", icc_profile=display_p3, optimize=True
    )

    whole = jpeg(photo("coffee.png"))
    (HERE / "truncated.jpg").write_bytes(whole[: len(whole) * 8 // 100])
    (HERE / "not-a-photo.jpg").write_text("This is a note, whatever its name says.\n")
    (HERE / "empty.jpg").write_bytes(b"")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
