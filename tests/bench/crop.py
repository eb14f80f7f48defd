"""What `position = "attention"` keeps of subjects and heads, beside other ways to crop."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import fmean

from PIL import Image, ImageOps

from lib.imaging.crop import place_by_attention, place_by_position
from lib.imaging.transparency import flatten
from lib.imaging.variants import Size
from lib.tools import ROOT
from tests.bench import peer
from tests.bench.report import Result

LABELS = Path(__file__).with_name("crops.toml")
PHOTOS = "CROP_PHOTOS"
"""Environment variable: the folder of the photos; without it only those of tests/media are seen."""

SHAPES = {"1:1": 1.0, "16:9": 16 / 9, "9:16": 9 / 16, "3:1": 3.0}
LONGEST = 640
"""px: photos are looked at in this size, as their renditions have it."""

UNCUT = 0.85
"""Of a photo that keeps more than this, nothing can be told."""

WHOLE = 0.9
"""Part of the area of the heads below which one of them is cut."""

STEPS = 120

Box = Sequence[float]
"""Left, top, right, bottom in hundredths of width and height."""

Corner = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Crop:
    """A labelled photo, and the size to cut it to."""

    photo: Image.Image
    size: Size
    subject: Sequence[Box]
    heads: Sequence[Box]


def run() -> Iterator[Result]:
    """Measure smart crops: how much of labelled subjects and heads is kept, in four shapes.

    Part of the area that the best place of the same shape keeps; a head is cut where less than
    90 % are kept. `CROP_PHOTOS` names the folder of the photos (tests/bench/crops.toml says where
    they are from). Peers: the middle, the top, and libvips's strategies through sharp.
    """
    crops = list(read_crops())
    yield Result("photos in shapes", len(crops), "")
    ways = {
        "attention": [place_by_attention(each.photo, each.size) for each in crops],
        "centre": [place_by_position("centre", each.photo.size, each.size) for each in crops],
        "north": [place_by_position("north", each.photo.size, each.size) for each in crops],
    }
    try:
        ways |= _place_by_libvips(crops)
    except peer.PeerError as exc:
        yield Result(str(exc), 0, "")
    for way, corners in ways.items():
        yield from judge(way, crops, corners)


def judge(way: str, crops: Sequence[Crop], corners: Sequence[Corner]) -> Iterator[Result]:
    """Yield what one way keeps; `corners` are those of `crops`."""
    pairs = list(zip(crops, corners, strict=True))
    subjects = [measure_kept(crop, crop.subject, corner) for crop, corner in pairs]
    heads = [measure_kept(crop, crop.heads, corner) for crop, corner in pairs if crop.heads]
    yield Result(f"{way}: subjects", 100 * fmean(subjects), "% kept")
    yield Result(f"{way}: heads", 100 * fmean(heads), "% kept")
    yield Result(f"{way}: heads cut", sum(kept < WHOLE for kept in heads), f"of {len(heads)}")


def measure_kept(crop: Crop, boxes: Sequence[Box], corner: Corner) -> float:
    """Return the part of the boxes that is kept, 0–1, of what the best place would keep."""
    area = partial(_area, crop, boxes)
    slack = crop.photo.width - crop.size[0], crop.photo.height - crop.size[1]
    places = ((slack[0] * n / STEPS, slack[1] * n / STEPS) for n in range(STEPS + 1))
    return min(1.0, area(corner) / max(area(place) for place in places))


def _area(crop: Crop, boxes: Sequence[Box], corner: tuple[float, float]) -> float:
    def overlap(box: Box, axis: int) -> float:
        side = crop.photo.size[axis] / 100
        start, end = box[axis] * side, box[axis + 2] * side
        return max(0.0, min(end, corner[axis] + crop.size[axis]) - max(start, corner[axis]))

    return sum(overlap(box, 0) * overlap(box, 1) for box in boxes)


def read_crops(photos: str | None = os.environ.get(PHOTOS)) -> Iterator[Crop]:
    """Yield the labelled photos that are there, each in every shape that cuts something."""
    labels = tomllib.loads(LABELS.read_text("utf-8"))
    for name, label in labels.items():
        path = ROOT / name if name.startswith("tests/") else Path(photos or "", name)
        if photos is None and not name.startswith("tests/"):
            continue
        if not path.is_file():
            continue
        photo = _read(path)
        for ratio in SHAPES.values():
            size = window(photo.size, ratio)
            if size[0] * size[1] < UNCUT * photo.width * photo.height:
                yield Crop(photo, size, [label["subject"]], label.get("heads", ()))


def window(outer: Size, ratio: float) -> Size:
    """Return the largest rectangle of a ratio of width to height that fits into another."""
    width, height = outer
    if width > height * ratio:
        return round(height * ratio), height
    return width, round(width / ratio)


def _read(path: Path) -> Image.Image:
    if path.suffix == ".heic":
        import pillow_heif

        return pillow_heif.open_heif(path).to_pillow()
    with Image.open(path) as file:
        photo = flatten(ImageOps.exif_transpose(file), "#ffffff")
        photo.thumbnail((LONGEST, LONGEST))
        return photo


def _place_by_libvips(crops: Sequence[Crop]) -> Mapping[str, list[Corner]]:
    peer.install()
    with tempfile.TemporaryDirectory() as folder:
        jobs = []
        for number, crop in enumerate(crops):
            path = Path(folder, f"{number}.png")
            crop.photo.save(path, compress_level=1)
            jobs.append([str(path), *crop.size])
        command = ["node", str(peer.FOLDER / "crop.mjs")]
        done = subprocess.run(command, input=json.dumps(jobs), text=True, capture_output=True)
    if done.returncode:
        raise peer.PeerError(f"sharp: {done.stderr.strip()}")
    found = json.loads(done.stdout)
    return {f"libvips {name}": [(x, y) for x, y in found[name]] for name in found}
