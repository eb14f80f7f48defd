"""What is too large is refused by its header; what is damaged is refused for good."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.domain.errors import ErrorCode, PermanentError
from lib.imaging.decode import DECODERS, blaming_the_source
from lib.imaging.load import read_picture
from lib.presets import Limits
from tests.support.images import LIMITS, photo, save


def png_header(width: int, height: int) -> bytes:
    """A header that promises pixels, and not one of them."""
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    ihdr = struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))
    return b"\x89PNG\r\n\x1a\n" + ihdr + struct.pack(">I", 1000) + b"IDAT" + bytes(1000)


def small(container: str, size: tuple[int, int] = (120, 80)) -> bytes:
    return save(photo(size), container)


def code_of(data: bytes, container: str, limits: Limits = LIMITS) -> ErrorCode:
    with pytest.raises(PermanentError) as caught:
        read_picture(data, container, limits)
    return caught.value.code


def test_a_bomb_is_refused_before_a_single_pixel_is_decoded():
    with pytest.raises(
        PermanentError, match=r"65500 × 65500 px are 4290\.2 MP, the limit is 100 MP"
    ) as it:
        read_picture(png_header(65500, 65500), "png", LIMITS)
    assert it.value.code is ErrorCode.LIMIT_EXCEEDED


@pytest.mark.parametrize("container", DECODERS)
def test_the_pixel_limit_holds_for_every_container(container: str):
    above = small(container, (1010, 1000))
    tight = replace(LIMITS, image_megapixels=1)
    assert code_of(above, container, tight) is ErrorCode.LIMIT_EXCEEDED
    wide = replace(LIMITS, image_megapixels=2)
    assert read_picture(above, container, wide).probe.width == 1010


def test_the_limit_of_bytes_comes_first():
    tight = replace(LIMITS, image_megabytes=1)
    assert code_of(b"\xff\xd8\xff" + bytes(1_000_001), "jpeg", tight) is ErrorCode.LIMIT_EXCEEDED


KEEPS_LINES = dict.fromkeys(("bmp", "gif", "ico", "jpeg", "jpeg2000", "png", "tiff", "webp"), 0.1)
KEEPS_LINES["psd"] = 0.7
"""Which show the lines that are there, and from what share of their bytes on: a document has its
channels one after the other. Of the others a cut makes nothing."""


@pytest.mark.parametrize("container", DECODERS)
@pytest.mark.parametrize("share", [0.08, 0.5, 0.9])
def test_truncated_sources_keep_their_lines_or_are_corrupt(container: str, share: float):
    whole = small(container)
    cut = whole[: int(len(whole) * share)]
    if share > KEEPS_LINES.get(container, 1):
        assert read_picture(cut, container, LIMITS).probe.complete is False
        return
    assert code_of(cut, container) is ErrorCode.CORRUPT_MEDIA


@pytest.mark.parametrize("container", DECODERS)
def test_no_other_decoder_is_tried(container: str):
    other = "png" if container != "png" else "jpeg"
    assert code_of(small(other), container) is ErrorCode.CORRUPT_MEDIA


def test_what_is_no_image_is_unsupported():
    assert code_of(b"\0\0\0\x18ftypisom", "mov") is ErrorCode.UNSUPPORTED_MEDIA


def test_missing_memory_is_not_a_corrupt_source():
    with pytest.raises(MemoryError), blaming_the_source("jpeg"):
        raise MemoryError
    with pytest.raises(MemoryError), blaming_the_source("tiff"):
        raise OSError("out of memory when reading image file")


SMALL = {container: small(container, (40, 30)) for container in DECODERS}


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(SMALL)), st.data())
def test_mutated_sources_give_a_picture_or_a_permanent_error(container: str, data: st.DataObject):
    mutated = bytearray(SMALL[container])
    for _ in range(data.draw(st.integers(1, 8))):
        mutated[data.draw(st.integers(0, len(mutated) - 1))] = data.draw(st.integers(0, 255))
    limits = replace(LIMITS, image_megapixels=1)
    try:
        picture = read_picture(bytes(mutated), container, limits, widest=20)
    except PermanentError:
        return
    assert picture.image.mode in ("L", "LA", "RGB", "RGBA")
    assert picture.image.width <= 20
