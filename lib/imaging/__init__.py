"""Turn one image source into renditions: read ▸ plan ▸ make; a placeholder, a perceptual hash.

picture = read(data, container, limits, widest=max(preset.widths))
targets = plan(picture.probe, preset)
for made in make(picture, targets, preset, deadline, watermark=...): ...
placeholder(picture), phash(picture)

Of an animation: is_animation(data, container, limits), film_frames(picture, size, preset)
"""

from lib.imaging.film import film_frames, is_animation
from lib.imaging.heap import share_heap
from lib.imaging.load import read
from lib.imaging.phash import phash
from lib.imaging.picture import Picture
from lib.imaging.render import make
from lib.imaging.thumbhash import placeholder
from lib.imaging.variants import Target, plan

share_heap()  # before there are threads

__all__ = [
    "Picture",
    "Target",
    "film_frames",
    "is_animation",
    "make",
    "phash",
    "placeholder",
    "plan",
    "read",
]
