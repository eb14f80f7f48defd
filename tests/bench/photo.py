"""The photo that is uploaded, and what making its renditions costs without anything around it."""

from __future__ import annotations

import io

from PIL import Image

from lib import presets
from lib.imaging.load import read_picture
from lib.imaging.render import make_renditions
from lib.imaging.time_budget import TimeBudget
from lib.imaging.transform import Transform
from lib.tools import ROOT

PHOTO = ROOT / "tests/media/hubble.jpg"
WIDTH, QUALITY = 1280, 76
"""What makes 200 KB of it. Its renditions come in three widths."""


def make_photo() -> tuple[bytes, tuple[int, int]]:
    """Return a JPEG of about 200 KB, the same with every run, and its width and height in px."""
    with Image.open(PHOTO) as photo:
        height = round(photo.height * WIDTH / photo.width)
        resized = photo.resize((WIDTH, height), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    resized.save(file, "JPEG", quality=QUALITY)
    return file.getvalue(), resized.size


def render_photo(photo: bytes) -> int:
    """Decode, resize and encode as process-image does, in this thread; return the bytes made."""
    loaded = presets.load(presets.PACKAGED)
    preset = loaded.named(None).image
    picture = read_picture(photo, "jpeg", loaded.limits, widest=max(preset.widths))
    made = make_renditions(picture, Transform(preset), TimeBudget(lambda: float("inf")))
    return sum(len(each.content) for each in made if isinstance(each.content, bytes))
