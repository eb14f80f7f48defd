"""The images that are measured: the same with every run, made from photos."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from lib.tools import ROOT

CORPUS = ROOT.parent / "shared/corpus/2569067123_aca715a2ee_o.jpg"
"""6 MP, from a camera."""

OURS = ROOT / "tests/media/hubble.jpg"
QUALITY = 90
SMALL_WIDTH = 480


@dataclass(frozen=True, slots=True)
class Source:
    """One image to measure: its size in px, upright."""

    label: str
    path: Path
    size: tuple[int, int]


def make_sources(folder: Path) -> list[Source]:
    """Write the images to a folder, and return 6-MP JPEG, 24-MP JPEG, 12-MP HEIC."""
    import pillow_heif

    photo = Image.open(CORPUS if CORPUS.exists() else OURS).convert("RGB")
    if photo.width < photo.height:
        photo = photo.transpose(Image.Transpose.ROTATE_90)
    camera = CORPUS
    if not CORPUS.exists():
        camera = folder / "6mp.jpg"
        _enlarged(photo, (3000, 2000)).save(camera, quality=QUALITY)
    large, heic = folder / "24mp.jpg", folder / "12mp.heic"
    _enlarged(photo, (6000, 4000)).save(large, quality=QUALITY)
    pillow_heif.from_pillow(_enlarged(photo, (4000, 3000))).save(heic, quality=QUALITY)
    with Image.open(camera) as image:
        size = image.size
    origin = "corpus" if CORPUS.exists() else "enlarged, the corpus is absent"
    return [
        Source(f"6-MP JPEG ({origin})", camera, size),
        Source("24-MP JPEG", large, (6000, 4000)),
        Source("12-MP HEIC", heic, (4000, 3000)),
    ]


def make_12mp(folder: Path) -> Path:
    """Write a 12-MP JPEG."""
    path = folder / "12mp.jpg"
    with Image.open(CORPUS if CORPUS.exists() else OURS) as photo:
        _enlarged(photo.convert("RGB"), (4000, 3000)).save(path, quality=QUALITY)
    return path


def make_small(folder: Path) -> Path:
    """Write a small JPEG for the run of 200."""
    path = folder / "small.jpg"
    with Image.open(OURS) as photo:
        photo.thumbnail((SMALL_WIDTH, SMALL_WIDTH))
        photo.save(path, quality=QUALITY)
    return path


def _enlarged(photo: Image.Image, size: tuple[int, int]) -> Image.Image:
    return photo.resize(size, Image.Resampling.LANCZOS)
