"""Small images of every container, and the limits of the default presets."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import pillow_heif
from PIL import Image

from lib.presets import Limits

MEDIA = Path(__file__).parents[1] / "media"
LIMITS = Limits(
    image_megapixels=100,
    image_megabytes=100,
    animation_frames=1000,
    animation_megapixels=400,
    video_hours=2,
    source_gigabytes=5,
)


def photo(size: tuple[int, int] = (120, 80)) -> Image.Image:
    """A real photo without a profile, scaled."""
    with Image.open(MEDIA / "hubble.jpg") as image:
        return image.convert("RGB").resize(size)


def save(image: Image.Image, container: str, **options: object) -> bytes:
    """Encode an image as one of the containers that are read."""
    if container == "psd":
        return psd(image)
    if container == "heif":
        pillow_heif.register_heif_opener()
    if container == "ico":
        return icon(image)
    file = io.BytesIO()
    image.save(file, container, **options)
    return file.getvalue()


def psd(
    image: Image.Image, *, depth: int = 8, compression: int = 0, resources: bytes = b""
) -> bytes:
    """Write a Photoshop document that has nothing but its flattened picture."""
    model = {"L": 1, "RGB": 3, "RGBA": 3, "CMYK": 4}[image.mode]
    layers = b""
    if image.mode == "RGBA":  # a negative count of layers tells of transparency, which is on white
        alpha = image.getchannel("A")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
        image.putalpha(alpha)
        layers = struct.pack(">IhI", 2, -1, 0)
    head = struct.pack(">4sH6xHIIHH", b"8BPS", 1, len(image.mode), *image.size[::-1], depth, model)
    planes = b"".join(channel.tobytes() for channel in image.split())
    sections = struct.pack(">II", 0, len(resources)) + resources
    sections += struct.pack(">I", len(layers)) + layers
    return head + sections + struct.pack(">H", compression) + planes


def icon(*images: Image.Image) -> bytes:
    """Write a Windows icon whose images are PNGs."""
    contents = [save(image, "png") for image in images]
    entries, start = b"", 6 + 16 * len(images)
    for image, content in zip(images, contents, strict=True):
        sides = (side if side < 256 else 0 for side in image.size)
        entries += struct.pack("<BBBBHHII", *sides, 0, 0, 1, 32, len(content), start)
        start += len(content)
    return struct.pack("<HHH", 0, 1, len(images)) + entries + b"".join(contents)


def tiff(
    samples: bytes,
    size: tuple[int, int],
    *,
    bits: int,
    photometric: int,
    channels: int = 1,
    extra: tuple[tuple[int, int, int, int], ...] = (),
) -> bytes:
    """Write an uncompressed little-endian TIFF of one strip; `extra` are more of its entries."""
    deep = len(samples) + 8
    long, short = 4, 3
    entries = [
        (256, long, 1, size[0]),
        (257, long, 1, size[1]),
        (258, short, channels, bits if channels == 1 else deep),
        (259, short, 1, 1),
        (262, short, 1, photometric),
        (273, long, 1, 8),
        (277, short, 1, channels),
        (278, long, 1, size[1]),
        (279, long, 1, len(samples)),
        *extra,
    ]
    directory = struct.pack("<H", len(entries)) + b"".join(
        struct.pack("<HHII", *entry) for entry in entries
    )
    depths = struct.pack(f"<{channels}H", *[bits] * channels)
    head = struct.pack("<2sHI", b"II", 42, deep + len(depths))
    return head + samples + depths + directory + bytes(4)
