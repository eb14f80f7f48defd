"""An animated rendition has a frame for each of the source's, those too that look alike."""

from __future__ import annotations

import io
from itertools import accumulate

import pytest
from PIL import Image, ImageDraw
from PIL.WebPImagePlugin import WebPImageFile

from lib.imaging.equal_frames import restore_equal_frames
from lib.imaging.pillow import WebPAnimation

SIZE = (24, 16)
DELAYS = (40, 250, 100, 70, 90, 1_000)


def picture(letter: str) -> Image.Image:
    """A to C are opaque, a to c dots on nothing, `.` is nothing."""
    if letter.isupper():
        image = Image.new("RGB", SIZE, (ord(letter), 90, 200))
        ImageDraw.Draw(image).rectangle((ord(letter) - 65, 2, 12, 9), fill="white")
        return image
    image = Image.new("RGBA", SIZE)
    if letter != ".":
        at = 5 * (ord(letter) - 97)
        ImageDraw.Draw(image).rectangle((at, 3, at + 6, 12), fill=(ord(letter), 20, 220, 128))
    return image


def encode(letters: str, *, lossless: bool = True, exif: bytes = b"", loops: int = 3) -> bytes:
    animation = WebPAnimation(SIZE, loops, (9, 17))
    starts = [0, *accumulate(DELAYS[: len(letters)])]
    for letter, at_ms in zip(letters, starts, strict=False):
        image = picture(letter)
        animation.add(image, at_ms, quality=60, lossless=lossless, method=0)
    content = animation.assemble(starts[-1], exif)
    return restore_equal_frames(content, SIZE, starts, loops)


def frames_of(content: bytes) -> list[tuple[Image.Image, int]]:
    image, found = WebPImageFile(io.BytesIO(content)), []
    for index in range(image.n_frames):
        image.seek(index)
        image.load()
        found.append((image.convert("RGBA"), image.info["duration"]))
    return found


def seen(image: Image.Image) -> bytes:
    """Return pixels, clear ones without a colour."""
    clear = Image.new("RGBA", image.size)
    return Image.alpha_composite(clear, image.convert("RGBA")).tobytes()


@pytest.mark.parametrize(
    "letters",
    [
        *("AB", "AA", "AAA", "AAB", "ABB", "ABBB", "AABBCC", "ABBA"),
        *("aa", "aab", "abb", "aabbcc", "abba", "abcabc", "a..b", "..", "a..", "..a", "ab..ba"),
        *("Aaa", "aaA", "AaaB", "A..B", "AA..aa"),
    ],
)
def test_each_frame_is_there_for_its_time(letters: str):
    found = frames_of(encode(letters))
    assert [ms for _, ms in found] == list(DELAYS[: len(letters)])
    assert [seen(image) for image, _ in found] == [seen(picture(each)) for each in letters]


@pytest.mark.parametrize("letters", ["AA", "AAB", "aa"])
def test_plays_and_notes_are_kept(letters: str):
    content = encode(letters, exif=b"MM\0*\0\0\0\x08\0\0\0\0\0\0", loops=7)
    image = WebPImageFile(io.BytesIO(content))
    assert image.info["loop"] == 7
    assert image.info["exif"].startswith(b"MM")
    assert "a" not in letters or image.mode == "RGBA"
    assert int.from_bytes(content[4:8], "little") == len(content) - 8


def test_frames_that_are_nearly_alike_are_as_many_too():
    assert [ms for _, ms in frames_of(encode("AABB", lossless=False))] == list(DELAYS[:4])


def test_what_was_not_merged_is_as_it_was_written():
    animation = WebPAnimation(SIZE, 0, (9, 17))
    for at_ms, letter in ((0, "A"), (100, "B")):
        animation.add(picture(letter), at_ms, quality=60, lossless=True, method=0)
    content = animation.assemble(200, b"")
    assert restore_equal_frames(content, SIZE, (0, 100, 200), 0) is content


def test_other_times_than_the_frames_have_leave_it_alone():
    content = encode("AAB")
    assert restore_equal_frames(content, SIZE, (0, 1, 2, 3, 4, 5), 3) is content


def test_a_frame_that_changes_nothing_takes_few_bytes():
    assert len(encode("AAAAAA")) <= len(encode("AA")) + 4 * 52
