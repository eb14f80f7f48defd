"""Derive the image samples from the photos of the scikit-image wheel (0.26.0).

    python tests/media/make_images.py PATH/skimage/data

Nothing runs this by itself: the samples are committed. It documents how they came to be.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pillow_heif
from PIL import Image, ImageDraw
from PIL.ExifTags import GPS, IFD, Base

HERE = Path(__file__).parent


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

    whole = jpeg(photo("coffee.png"))
    (HERE / "truncated.jpg").write_bytes(whole[: len(whole) * 6 // 10])
    (HERE / "not-a-photo.jpg").write_text("This is a note, whatever its name says.\n")
    (HERE / "empty.jpg").write_bytes(b"")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
