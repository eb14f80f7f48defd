"""Put a preset's watermark on renditions."""

from __future__ import annotations

from PIL import Image

from lib.domain.errors import PermanentError
from lib.imaging.crop import place_by_position
from lib.imaging.load import read_picture
from lib.imaging.resize import resize
from lib.imaging.transparency import has_alpha
from lib.imaging.variants import Size
from lib.presets import Limits, Watermark
from lib.sniff import HEAD_BYTES, sniff

LIMITS = Limits(
    image_megapixels=25,
    image_megabytes=10,
    animation_frames=100,
    animation_megapixels=100,
    video_hours=0,
    source_gigabytes=0,
)
"""Of the watermark's own file."""

MARGIN = 0.02
"""Distance from the edges, as a part of the rendition's shorter side."""


def read_watermark(data: bytes) -> Image.Image:
    """Decode a watermark to RGBA, as carefully as any source.

    Raises PermanentError with the code that a source would have.
    """
    try:
        picture = read_picture(data, sniff(data[:HEAD_BYTES]).container, LIMITS)
    except PermanentError as exc:
        raise PermanentError(exc.code, f"the preset's watermark: {exc.message}") from exc
    return picture.image.convert("RGBA")


def apply_watermark(logo: Image.Image, image: Image.Image, watermark: Watermark) -> Image.Image:
    """Return the image with a logo (RGBA) on it; neither is changed.

    The logo is as wide as the preset says, or less where it would be higher than the image.
    """
    margin = round(MARGIN * min(image.size))
    room = image.width - 2 * margin, image.height - 2 * margin
    small = resize(logo, _fitted(logo.size, room, image.width * watermark.scale))
    alpha = small.getchannel("A").point([value * watermark.opacity for value in range(256)])
    small.putalpha(alpha)
    left, top = place_by_position(watermark.position, room, small.size)
    canvas = image.convert("RGBA" if has_alpha(image) else "RGB")
    corner = (left + margin, top + margin)
    if canvas.mode == "RGBA":
        canvas.alpha_composite(small, corner)
    else:
        canvas.paste(small, corner, small)
    return canvas


def _fitted(logo: Size, room: Size, width: float) -> Size:
    width = min(width, room[0], room[1] * logo[0] / logo[1])
    return max(1, round(width)), max(1, round(width * logo[1] / logo[0]))
