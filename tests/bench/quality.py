"""What `quality = "auto"` saves against one fixed quality that looks no worse."""

from __future__ import annotations

import io
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from statistics import fmean

from PIL import Image

from lib import presets
from lib.domain.errors import PermanentError
from lib.imaging.auto_quality import choose_quality, measure_ssim
from lib.imaging.encode import encode
from lib.imaging.load import read_picture
from lib.imaging.phash import phash
from lib.imaging.resize import resize
from lib.imaging.transparency import flatten
from lib.imaging.variants import height_at
from lib.presets import ImagePreset
from lib.presets.schema import IMAGE_FORMATS
from lib.sniff import HEAD_BYTES, sniff
from lib.tools import ROOT
from tests.bench.report import Result

CORPUS, OURS = ROOT.parent / "shared/corpus", ROOT / "tests/media"
WIDTH = 640
"""px: another size than that of the trials, as most renditions have."""

SMALLEST = 64
"""px: the bytes of what is smaller are mostly headers."""

ALIKE = 6
"""Bits of the perceptual hash in which two files of one picture may differ."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """One file: its bytes, and its SSIM to the pixels that were encoded."""

    size: int
    ssim: float


Corpus = Sequence[Encoded]
"""Every picture once, at one quality or each at its own."""

Judge = Callable[[Corpus], float]


def tenth_percentile(corpus: Corpus) -> float:
    """Return the SSIM that nine of ten pictures have at least."""
    return sorted(each.ssim for each in corpus)[len(corpus) // 10]


def worst(corpus: Corpus) -> float:
    """Return the SSIM that every picture has at least."""
    return min(each.ssim for each in corpus)


def mean(corpus: Corpus) -> float:
    """Return the mean SSIM."""
    return fmean(each.ssim for each in corpus)


JUDGES: Mapping[str, Judge] = {
    "as good for 9 of 10": tenth_percentile,
    "as good for all": worst,
    "as good on average": mean,
}


def run() -> Iterator[Result]:
    """Measure quality = "auto": the bytes that it saves against a fixed quality.

    The pictures of the corpus (of tests/media where that is absent), each once, 640 px wide at
    most, with the target of the default preset. The fixed quality of a format is the lowest one,
    for all pictures alike, whose SSIM is no less than that of auto: at the tenth percentile, at the
    worst picture, or on average. Above zero auto needs fewer bytes, below zero more.
    """
    preset = presets.load(presets.PACKAGED).named(None).image
    pictures = [flatten(each, preset.background) for each in read_pictures()]
    yield Result("pictures", len(pictures), "")
    for image_format in IMAGE_FORMATS:
        yield from compare(image_format, *_ways(pictures, image_format, preset))


def _ways(
    pictures: Sequence[Image.Image], image_format: str, preset: ImagePreset
) -> tuple[Corpus, Callable[[int], Corpus]]:
    """Return the pictures as auto makes them, and what makes them at one fixed quality."""

    def encode_one(picture: Image.Image, quality: int) -> Encoded:
        content = encode(picture, image_format, quality, preset.background)
        with Image.open(io.BytesIO(content)) as made:
            return Encoded(len(content), measure_ssim(picture, made))

    def choose(picture: Image.Image) -> Encoded:
        quality = choose_quality(picture, image_format, preset.ssim, preset.background)
        return encode_one(picture, quality)

    @cache
    def at(quality: int) -> Corpus:
        with ThreadPoolExecutor() as pool:
            return list(pool.map(partial(encode_one, quality=quality), pictures))

    with ThreadPoolExecutor() as pool:
        return list(pool.map(choose, pictures)), at


def compare(image_format: str, auto: Corpus, at: Callable[[int], Corpus]) -> Iterator[Result]:
    """Yield what one format needs; `at` encodes the corpus at a fixed quality."""
    size = sum(each.size for each in auto)
    yield Result(f"{image_format}: auto", size / 1000, "KB")
    yield Result(f"{image_format}: auto, mean", mean(auto), "SSIM")
    yield Result(f"{image_format}: auto, tenth percentile", tenth_percentile(auto), "SSIM")
    for label, judge in JUDGES.items():
        quality = lowest_fixed(judge, judge(auto), at)
        fixed = sum(each.size for each in at(quality))
        name = f"{image_format}: saved against fixed {quality}, {label}"
        yield Result(name, 100 * (1 - size / fixed), "% of bytes")


def lowest_fixed(judge: Judge, wanted: float, at: Callable[[int], Corpus]) -> int:
    """Return the lowest quality, 1–100, at which the corpus is judged as wanted; else 100."""
    return bisect_left(range(1, 100), True, key=lambda quality: judge(at(quality)) >= wanted) + 1


def read_pictures() -> list[Image.Image]:
    """Return the pictures of the corpus that are large enough, none of them twice."""
    limits = presets.load(presets.PACKAGED).limits
    pictures: list[Image.Image] = []
    hashes: list[int] = []
    folder = CORPUS if CORPUS.is_dir() else OURS
    for path in sorted(each for each in folder.iterdir() if each.is_file()):
        data = path.read_bytes()
        try:
            picture = read_picture(data, sniff(data[:HEAD_BYTES]).container, limits, widest=WIDTH)
        except PermanentError:
            continue
        looks = phash(picture.image)
        if looks is None:  # one colour, and no bytes to save
            continue
        found = int(looks, 16)
        known = any((found ^ other).bit_count() <= ALIKE for other in hashes)
        if min(picture.image.size) >= SMALLEST and not known:
            width = min(WIDTH, picture.image.width)
            pictures.append(resize(picture.image, (width, height_at(*picture.image.size, width))))
            hashes.append(found)
    return pictures
