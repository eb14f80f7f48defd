"""Find the options with which sharp makes the same bytes and the same SSIM in the least time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path

from PIL import Image

from lib.imaging.auto_quality import measure_ssim
from lib.imaging.variants import Target
from tests.bench import peer
from tests.bench.peer import Options

LOSS = 0.003
"""SSIM that may be missing."""

BYTES = 0.02
"""Part by which the bytes may be more."""

TRIALS = 5

SMALL = {"chromaSubsampling": "4:2:0"}
FASTEST_FIRST: Mapping[str, Sequence[Options]] = {
    "avif": [SMALL | {"tune": "ssim", "effort": effort} for effort in (0, 1, 2, 3, 4)],
    "webp": [{"effort": effort} for effort in (0, 1, 2, 3, 4, 5, 6)],
    "jpeg": [SMALL | {"progressive": True}, SMALL | {"mozjpeg": True}],
}
START = {"avif": 60, "webp": 78, "jpeg": 80}


@dataclass(frozen=True, slots=True)
class Quality:
    """What a format's renditions weigh together, in bytes, and their mean SSIM."""

    size: int
    ssim: float


@dataclass(frozen=True, slots=True)
class Tuned:
    """Options, and what came of them."""

    options: Options
    quality: Quality


class Judge:
    """Compares renditions with one source, each with that source scaled in one Lanczos step."""

    def __init__(self, source: Path, targets: Iterable[Target]) -> None:
        with Image.open(source) as image:
            grey = image.convert("L")
        sizes = {target.whole for target in targets}
        self._references = {size: grey.resize(size, Image.Resampling.LANCZOS) for size in sizes}

    def judge(self, folder: Path, targets: Sequence[Target]) -> Quality:
        """Return what the files of targets in a folder are, which show the whole picture."""
        size, ssim = 0, 0.0
        for target in targets:
            path = folder / target.name
            size += path.stat().st_size
            with Image.open(path) as image:
                ssim += measure_ssim(self._references[target.whole], image) / len(targets)
        return Quality(size, ssim)


def tune(
    source: Path, targets: Sequence[Target], wanted: Quality, judge: Judge, folder: Path
) -> Tuned:
    """Return the fastest options for targets of one format; the nearest where none are equal."""
    image_format = targets[0].format
    quality = START[image_format]
    found: list[Tuned] = []
    for options in FASTEST_FIRST[image_format]:
        sizes: dict[int, Quality] = {}
        while quality not in sizes and len(sizes) < TRIALS:
            peer.render(
                source,
                targets,
                {image_format: {**options, "quality": quality}},
                folder,
                placeholder=False,
            )
            sizes[quality] = judge.judge(folder, targets)
            if abs(sizes[quality].size / wanted.size - 1) <= BYTES / 2:
                break
            quality = _next_quality(sizes, wanted.size)
        tuned = [Tuned({**options, "quality": each}, sizes[each]) for each in sizes]
        tuned.sort(key=lambda each: abs(log(each.quality.size / wanted.size)))
        for each in tuned:
            if is_equal(each.quality, wanted):
                return each
        found.append(tuned[0])
        quality = int(tuned[0].options["quality"])
    return max(found, key=lambda each: each.quality.ssim)


def is_equal(found: Quality, wanted: Quality) -> bool:
    """Tell whether neither more bytes nor less SSIM was needed; a better peer is equal too."""
    return found.size <= (1 + BYTES) * wanted.size and found.ssim >= wanted.ssim - LOSS


def _next_quality(sizes: Mapping[int, Quality], wanted: int) -> int:
    """Return where the bytes should be right: their logarithm rises about evenly with quality."""
    nearest = sorted(sizes, key=lambda each: abs(log(sizes[each].size / wanted)))[:2]
    slope = 0.03
    if len(nearest) == 2:
        rise = log(sizes[nearest[0]].size / sizes[nearest[1]].size) / (nearest[0] - nearest[1])
        slope = max(rise, 0.005)
    step = log(wanted / sizes[nearest[0]].size) / slope
    return min(100, max(1, nearest[0] + round(step)))
