"""Turn one image source into renditions: read ▸ plan ▸ make; a placeholder, a perceptual hash.

picture = read(data, container, limits, widest=max(preset.widths))
targets = plan(picture.probe, preset)
for made in make(picture, targets, preset, deadline, watermark=...): ...
placeholder(picture), phash(picture)
"""

from lib.imaging.phash import phash
from lib.imaging.picture import Picture
from lib.imaging.reading import read
from lib.imaging.rendering import make
from lib.imaging.targets import Target, plan
from lib.imaging.thumbhash import placeholder

__all__ = ["Picture", "Target", "make", "phash", "placeholder", "plan", "read"]
