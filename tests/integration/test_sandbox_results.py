"""What comes out from behind the wall is what decoding in the process gives."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from lib.adapters.sandbox.sandbox import Sandbox
from lib.domain.errors import PermanentError
from lib.domain.renditions import Made
from lib.imaging.in_process import InProcess
from lib.imaging.port import Images, ImageTask, Still
from lib.video.auxiliary.poster import make_poster
from tests.support.images import photo, save
from tests.support.walls import (
    DEFAULT,
    task,
)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with closing(Sandbox()) as sandbox:
        yield sandbox


def made_by(images: Images, image: ImageTask) -> tuple[object, list[Made]]:
    with images.open(image, lambda: 600.0) as opened:
        return (opened.probe, opened.placeholder, opened.size), list(opened.make_renditions())


@pytest.mark.parametrize(
    "container",
    ["jpeg", "png", "webp", "gif", "tiff", "bmp", "jpeg2000", "psd", "ico", "avif", "heif"],
)
def test_every_format_gives_the_same_as_in_the_process(sandbox: Sandbox, container: str):
    image = task(save(photo((200, 120)), container), container, replace(DEFAULT, widths=(100,)))
    assert made_by(sandbox, image) == made_by(InProcess(), image)


def test_a_jpeg_with_a_second_picture_behind_it_is_the_same(sandbox: Sandbox):
    data = save(photo(), "mpo", save_all=True, append_images=[photo((60, 40))])
    image = task(data, "jpeg", replace(DEFAULT, widths=(100,)))
    assert made_by(sandbox, image) == made_by(InProcess(), image)


def test_an_animation_and_its_film_are_the_same(sandbox: Sandbox):
    data = (Path(__file__).parents[1] / "media/zoom.gif").read_bytes()
    image = replace(task(data, "gif"), watermark=save(photo(), "png"))
    assert made_by(sandbox, image) == made_by(InProcess(), image)
    frames = []
    for images in (sandbox, InProcess()):
        assert images.is_animation(image, lambda: 60.0)
        with images.open(image, lambda: 60.0) as opened:
            list(opened.make_renditions())
            frames.append(list(opened.film_frames((32, 32))))
    assert frames[0] == frames[1]
    assert len(frames[0]) == 6


def test_what_is_made_of_the_pictures_of_a_video_is_the_same(sandbox: Sandbox, tmp_path: Path):
    tiles = [Still("jpeg", save(photo((48, 27 + index % 2)), "jpeg")) for index in range(5)]
    for at, tile in enumerate(tiles):
        (tmp_path / f"{at}.jpg").write_bytes(tile.data)
    assert sandbox.measure_stills(tiles, lambda: 60.0) == InProcess().measure_stills(
        tiles, lambda: 60.0
    )
    sheets = [each.make_sprite_sheets(tiles, 2, 2, lambda: 60.0) for each in (sandbox, InProcess())]
    assert sheets[0] == sheets[1]
    assert len(sheets[0].sheets) == 2
    posters = [
        make_poster(tmp_path, DEFAULT, lambda: 60.0, each) for each in (sandbox, InProcess())
    ]
    assert posters[0] == posters[1]


@pytest.mark.parametrize("damage", [b"", b"\xff\xd8\xff", b"BM"])
def test_a_damaged_picture_of_a_video_is_permanent(sandbox: Sandbox, damage: bytes):
    for ask in (
        sandbox.measure_stills,
        lambda *given: sandbox.make_sprite_sheets(given[0], 2, 2, given[1]),
    ):
        with pytest.raises(PermanentError):
            ask([Still("jpeg", damage)], lambda: 60.0)


def test_what_encodes_took_goes_with_the_next_image(sandbox: Sandbox):
    made_by(sandbox, task(save(photo((1000, 800)), "jpeg"), "jpeg", DEFAULT))
    assert set(sandbox._measured) == {"avif", "webp", "jpeg"}


def test_a_permanent_error_keeps_its_words(sandbox: Sandbox):
    with (
        pytest.raises(PermanentError) as outside,
        sandbox.open(task(save(photo(), "jpeg")[:300], "jpeg"), lambda: 60.0),
    ):
        pass
    with (
        pytest.raises(PermanentError) as inside,
        InProcess().open(task(save(photo(), "jpeg")[:300], "jpeg"), lambda: 60.0),
    ):
        pass
    assert str(outside.value) == str(inside.value)
