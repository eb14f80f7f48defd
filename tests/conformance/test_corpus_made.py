"""The made corpus: what each file says, shows and plays arrives, in the catalog and in renditions.

What they are and what has to come of them stands in tests/media/corpus: expected.toml.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from PIL import Image

from lib.adapters.sandbox.sandbox import Sandbox
from lib.domain.asset import Asset
from lib.domain.media import ImageProbe
from lib.imaging.load import read_picture
from lib.imaging.port import Images
from lib.sniff import HEAD_BYTES, sniff
from tests.media.corpus import broken, films, photos, pngs, tiffs
from tests.media.corpus.chart import COLORS, COLUMNS, EXPECTED, ROWS, SHOWN, Color, patches_of
from tests.support.image_uploads import (
    PRESETS,
    assert_nothing_else_is_stored,
    describe,
    upload,
)
from tests.support.images import MEDIA

LOSS = 4
"""How much further a lossy rendition of flat patches may be from what it shows, of 255."""

CLEAR: Color = (0, 0, 0, 0)
PAPER = (255, 255, 255)
"""Of the presets: behind transparency, where a format has none."""

MAKERS = {
    "png": pngs.samples(),
    "photo": photos.samples(),
    "tiff": tiffs.samples(),
    "animation": films.samples(),
    "refused": broken.samples(),
    "real": {name: (MEDIA / name).read_bytes for name in EXPECTED["real"]},
}
EVERY = {name: make for makers in MAKERS.values() for name, make in makers.items()}
ROWS_OF = {name: row for group in MAKERS for name, row in EXPECTED[group].items()}
STILLS = [name for group in ("png", "photo", "tiff") for name in EXPECTED[group]]


@dataclass(frozen=True)
class Arrived:
    asset: Asset
    stored: dict[str, bytes]

    def renditions(self) -> dict[str, bytes]:
        """Return those as large as the source, by their extension."""
        assert isinstance(self.asset.probe, ImageProbe)
        name = str(self.asset.probe.width)
        made = (each for each in self.asset.renditions if each.name.startswith(f"{name}."))
        return {each.name.partition(".")[2]: self.stored[each.key] for each in made if each.key}


@pytest.fixture(scope="module")
def arrive() -> Iterator[Callable[[str], Arrived]]:
    with closing(Sandbox()) as sandbox:
        images: Images = sandbox

        @cache
        def take(name: str) -> Arrived:
            return Arrived(*upload(name, EVERY[name](), images))

        yield take


def row(name: str) -> dict[str, Any]:
    found: dict[str, Any] = ROWS_OF[name]
    return found


def within(name: str) -> int:
    """Return how far the picture as read may be from what a file shows, of 255."""
    return int(row(name).get("within", 2))


def wanted_end(name: str) -> str:
    """Return how the description of a file begins; all of it where it is of a picture."""
    if "ends" in row(name):
        return str(row(name)["ends"])
    facts = row(name)["is"]
    width = facts.partition("x")[0]
    ends = ("webp",) if "pictures" in row(name) else ("avif", "webp", "jpg")
    made = (f"{size}.{end}" for size in (width, "thumb") for end in ends)
    return f"READY {' '.join(made)}: {facts}"


def shown(name: str) -> list[Color]:
    """Return the patches of a still picture, with their alpha."""
    colors = SHOWN[row(name).get("shows", "colors")]
    alphas = row(name).get("alpha", [255] * len(colors))
    wanted = [
        (*color, alpha) if alpha else CLEAR for color, alpha in zip(colors, alphas, strict=True)
    ]
    return turned(wanted) if name.startswith("portrait") else wanted


def turned(patches: list[Color]) -> list[Color]:
    """Turn three columns of patches anti-clockwise, to three rows."""
    return [patches[y * COLUMNS + x] for x in reversed(range(COLUMNS)) for y in range(ROWS)]


def on_paper(color: Color) -> Color:
    """Return what a patch looks like where there is no transparency."""
    *channels, alpha = color
    mixed = (
        round((value * alpha + paper * (255 - alpha)) / 255)
        for value, paper in zip(channels, PAPER, strict=True)
    )
    return (*mixed, 255)


def assert_shows(image: Image.Image, name: str, wanted: list[Color], within: int) -> None:
    """Every patch is near to what is wanted; no matter which color a clear one has."""
    grid = (ROWS, COLUMNS) if name.startswith("portrait") else (COLUMNS, ROWS)
    received = patches_of(image.convert("RGBA"), *grid)
    for one, other in zip(received, wanted, strict=True):
        counts = one if other != CLEAR else (*CLEAR[:3], one[3])
        far = max(abs(a - b) for a, b in zip(counts, other, strict=True))
        assert far <= within, (received, wanted)


def test_every_row_has_its_file_and_every_file_its_row():
    for group, makers in MAKERS.items():
        assert set(EXPECTED[group]) == set(makers), group
    assert len(EVERY) == sum(map(len, MAKERS.values())), "two files of one name"


@pytest.mark.parametrize(
    ("name", "mark"),
    [
        ("turned-6.avif", b"irot"),
        ("turned-5.avif", b"imir"),
        ("turned-6.heic", b"irot"),
        ("turned-5.heic", b"imir"),
        ("10-bit.avif", b"pixi\0\0\0\0\3\x0a\x0a\x0a"),
        ("10-bit.heic", b"pixi\0\0\0\0\3\x0a\x0a\x0a"),
        ("8-bit.heic", b"pixi\0\0\0\0\3\x08\x08\x08"),
        ("ycck-profile.jpg", b"Adobe\0\x64\0\0\0\0\2"),
        ("progressive.jpg", b"\xff\xc2"),
        ("gain-map.jpg", b"MPF\0MM"),
        ("sequence.avif", b"ftypavis"),
        ("big.tif", b"II+\0"),
        ("rgb-16-motorola.tif", b"MM\0*"),
        ("photoshop.tif", b"8BIM"),
        ("two-plays.png", b"acTL\0\0\0\3\0\0\0\2"),
    ],
)
def test_a_file_has_what_it_is_named_for(name: str, mark: bytes):
    assert mark in EVERY[name]()


@pytest.mark.parametrize("name", EVERY)
def test_every_file_ends_as_it_should(name: str, arrive: Callable[[str], Arrived]):
    arrived = arrive(name)
    end, wanted = describe(arrived.asset), wanted_end(name)
    assert (end if "is" in row(name) else end[: len(wanted)]) == wanted
    assert_nothing_else_is_stored(arrived.asset, arrived.stored)


@pytest.mark.parametrize("name", STILLS)
def test_what_a_file_shows_is_what_is_read(name: str):
    data = EVERY[name]()
    picture = read_picture(data, sniff(data[:HEAD_BYTES]).container, PRESETS.limits, widest=320)
    assert_shows(picture.image, name, shown(name), within(name))


@pytest.mark.parametrize("name", STILLS)
def test_what_a_file_shows_arrives_in_every_format(name: str, arrive: Callable[[str], Arrived]):
    renditions = arrive(name).renditions()
    assert set(renditions) == {"avif", "webp", "jpg"}
    for end, content in renditions.items():
        wanted = [on_paper(color) for color in shown(name)] if end == "jpg" else shown(name)
        with Image.open(io.BytesIO(content)) as image:
            assert_shows(image, name, wanted, within(name) + LOSS)


@pytest.mark.parametrize("name", EXPECTED["animation"])
def test_what_a_file_plays_is_played(name: str, arrive: Callable[[str], Arrived]):
    expected, arrived = row(name), arrive(name)
    (content,) = arrived.renditions().values()
    with Image.open(io.BytesIO(content)) as film:
        assert getattr(film, "n_frames", 1) == len(expected["pictures"])
        for number, patches in enumerate(expected["pictures"]):
            film.seek(number)
            film.load()
            assert film.info["duration"] == expected["ms"][number]
            wanted = [CLEAR if each == "." else (*COLORS[int(each)], 255) for each in patches]
            assert_shows(film, name, wanted, within(name) + LOSS)
        plays = film.info["loop"]
    assert expected["is"].endswith(f", {plays or 'endless'} plays")
