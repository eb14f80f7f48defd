"""Where one rectangle lies in another: by a point of the compass, or where the eye goes.

The eye's cues are those of the smart crops of libvips (libvips/conversion/smartcrop.c) and
smartcrop.js (https://github.com/jwagner/smartcrop.js): edges, saturated colours, the colours of
skin. Here they are summed over the part that is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from PIL import Image, ImageChops, ImageFilter

from lib.imaging.transparency import has_alpha
from lib.imaging.variants import Size

SIDE = 64
"""Longest side in px that is looked at: the features of a face vanish, the face stays."""

SKIN_CB, SKIN_CR = (77, 127), (133, 173)
"""Chrominance of skin of any tone (Chai and Ngan, 1999, "Face segmentation using skin-color map in
videophone applications")."""

DARK = 40
"""Luminance below which a colour says nothing."""

SKIN = 160
SATURATION = 0.5
"""What skin (0–255) and a px of chrominance count beside a px of edge."""


@dataclass(frozen=True, slots=True)
class Prior:
    """Where a window mostly belongs: at `peak` (0–1 of its way); farthest its score loses `loss`.

    What lies in the first `headroom` of the window does not count: a head does not touch the rim.
    """

    peak: float
    loss: float
    headroom: float = 0.0


ACROSS, DOWN = Prior(0.5, 0.3), Prior(0.25, 0.3, 0.14)
"""What matters is mostly in the middle, and heads are in the upper half: of people who stand the
legs are cut. Chosen on labelled photos, see `npm run bench -- crop`."""

STEPS = 64
"""Positions that are tried, and one."""


def place_by_position(position: str, outer: Size, inner: Size) -> tuple[int, int]:
    """Return the left and top px of a rectangle in another, of which it may also stick out.

    `position`: `north-east`, `south`, …, or `centre`.
    """
    across = _share(position, "west", "east")
    down = _share(position, "north", "south")
    return round((outer[0] - inner[0]) * across), round((outer[1] - inner[1]) * down)


def _share(position: str, start: str, end: str) -> float:
    if start in position:
        return 0.0
    return 1.0 if end in position else 0.5


def place_by_attention(image: Image.Image, size: Size) -> tuple[int, int]:
    """Return the left and top px of the part of an image to keep, of `size`.

    The part slides in the direction in which more has to be cut. The same pixels give the same
    answer.
    """
    salient = _score(image)
    slack = image.width - size[0], image.height - size[1]
    if slack[0] >= slack[1]:
        line = salient.resize((salient.width, 1), Image.Resampling.BOX)
        return round(slack[0] * _best(line, size[0] / image.width, ACROSS)), slack[1] // 2
    line = salient.resize((1, salient.height), Image.Resampling.BOX)
    return slack[0] // 2, round(slack[1] * _best(line, size[1] / image.height, DOWN))


def _score(image: Image.Image) -> Image.Image:
    scale = min(1.0, SIDE / max(image.size))
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    small = image.resize(size, Image.Resampling.BOX, reducing_gap=1.0)
    light, blue, red = small.convert("RGB").convert("YCbCr").split()
    chroma = ImageChops.add(_distance(blue), _distance(red))
    skin = ImageChops.darker(_within(blue, SKIN_CB), _within(red, SKIN_CR))
    lit = light.point([255 * (value >= DARK) for value in range(256)])
    color = ImageChops.darker(ImageChops.add(chroma, skin), lit)
    score = ImageChops.add(light.filter(ImageFilter.FIND_EDGES), color)
    if has_alpha(image):
        score = ImageChops.multiply(score, small.getchannel("A"))
    # The filter leaves the outermost pixels as they were.
    inner = score.crop((1, 1, size[0] - 1, size[1] - 1)) if min(size) > 2 else score
    return inner.convert("F")


def _distance(band: Image.Image) -> Image.Image:
    return band.point([round(SATURATION * abs(value - 128)) for value in range(256)])


def _within(band: Image.Image, limits: tuple[int, int]) -> Image.Image:
    return band.point([SKIN * (limits[0] <= value <= limits[1]) for value in range(256)])


def _best(line: Image.Image, share: float, prior: Prior) -> float:
    """Return where the window of a share of a line starts, 0 to 1, whose score is the highest.

    The middle where nothing stands out.
    """
    sums = [0.0, *accumulate(memoryview(line.tobytes()).cast("f"))]
    length = len(sums) - 1

    def before(at: float) -> float:
        cell = min(int(at), length - 1)
        return sums[cell] + (at - cell) * (sums[cell + 1] - sums[cell])

    def score(step: int) -> tuple[float, float]:
        place = step / STEPS
        start = place * length * (1 - share)
        below = start + prior.headroom * share * length
        inside = before(start + share * length) - before(below)
        astray = abs(place - prior.peak) / max(prior.peak, 1 - prior.peak)
        return inside * (1 - prior.loss * astray), -abs(place - 0.5)

    return max(range(STEPS + 1), key=score) / STEPS
