"""What a rendition gets after it was scaled: its shape, its sharpness, its watermark."""

from __future__ import annotations

from PIL import Image, ImageFilter

from lib.imaging.crop import place_by_attention, place_by_position
from lib.imaging.transparency import flatten, has_alpha, without_alpha
from lib.imaging.variants import Target
from lib.imaging.watermark import apply_watermark, read_watermark
from lib.presets import Fit, ImagePreset
from lib.presets.schema import ATTENTION

SHARPEN_RADIUS = 1.0
"""px: the width of the edges that scaling has blurred."""


class Transform:
    """Transforms scaled pictures as a preset says, all frames of an animation alike."""

    def __init__(self, preset: ImagePreset, watermark: bytes | None = None) -> None:
        """`watermark`: the file that the preset names. Raises PermanentError where it is none."""
        self.preset = preset
        self._logo = read_watermark(watermark) if watermark and preset.watermark else None
        self._corners: dict[str, tuple[int, int]] = {}

    def __call__(self, scaled: Image.Image, target: Target) -> Image.Image:
        """Return the picture of `target.whole` px as it is encoded; what came in is unchanged."""
        image = self._shape(scaled, target)
        if self.preset.sharpen:
            image = sharpen(image, self.preset.sharpen)
        if self._logo and self.preset.watermark:
            image = apply_watermark(self._logo, image, self.preset.watermark)
        return image

    def _shape(self, scaled: Image.Image, target: Target) -> Image.Image:
        size = target.width, target.height
        if target.fit is Fit.CONTAIN:
            position = "centre" if target.position == ATTENTION else target.position
            canvas = Image.new("RGB", size, self.preset.background)
            corner = place_by_position(position, size, scaled.size)
            canvas.paste(flatten(scaled, self.preset.background), corner)
            return canvas
        if scaled.size == size:
            return scaled
        if target.stem not in self._corners:
            self._corners[target.stem] = (
                place_by_attention(scaled, size)
                if target.position == ATTENTION
                else place_by_position(target.position, scaled.size, size)
            )
        left, top = self._corners[target.stem]
        return scaled.crop((left, top, left + target.width, top + target.height))


def sharpen(image: Image.Image, percent: int) -> Image.Image:
    """Return the image with an unsharp mask over its colours; transparency stays as it is."""
    mask = ImageFilter.UnsharpMask(SHARPEN_RADIUS, percent, threshold=0)
    if not has_alpha(image):
        return image.filter(mask)
    sharp = without_alpha(image).filter(mask)
    sharp.putalpha(image.getchannel("A"))
    return sharp
