"""What reading gives: pixels that are ready to be resized, and the facts about their source."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image

from lib.model import Probe


@dataclass(frozen=True, slots=True)
class Picture:
    """One decoded source: upright, sRGB, `RGB` or `RGBA`, the first frame of an animation.

    `image` may be smaller than `probe.width` × `probe.height` where the codec could decode at a
    reduced size; the probe always tells the source's own size, after orientation.
    """

    image: Image.Image
    probe: Probe
