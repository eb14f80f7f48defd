"""The OpenJPEG that Pillow needs is found, is the one that is declared, and may be missing."""

from __future__ import annotations

import pytest
from PIL import Image, features

from lib.domain.errors import ErrorCode, PermanentError
from lib.imaging.decoders import openjpeg
from tests.support.images import photo, save
from tests.support.jpeg2000 import Part, codestream


def test_the_library_is_the_one_of_pillow():
    assert openjpeg._library is not None
    version = openjpeg._library.opj_version().decode()
    assert version == features.version("jpg_2000")


def test_components_come_as_they_are():
    samples = Image.linear_gradient("L").resize((16, 10)), Image.radial_gradient("L").resize((8, 5))
    parts = [Part(samples[0]), Part(samples[1], (2, 2))]
    found = openjpeg.decode_components(memoryview(codestream((16, 10), parts)), 0)
    assert [each.step for each in found] == [(1, 1), (2, 2)]
    assert [each.samples.tobytes() for each in found] == [each.tobytes() for each in samples]


@pytest.mark.parametrize("halvings", [1, 2])
def test_halves(halvings: int):
    data = save(photo((90, 61)), "jpeg2000", no_jp2=True)
    found = openjpeg.decode_components(memoryview(data), halvings)
    assert found[0].samples.size == (-(-90 >> halvings), -(-61 >> halvings))


@pytest.mark.parametrize("data", [b"", b"\xff\x4f", b"\xff\x4f\xff\x51" + bytes(100)])
def test_what_is_no_codestream(data: bytes):
    with pytest.raises(ValueError, match="cannot be read"):
        openjpeg.decode_components(memoryview(data), 0)
    assert openjpeg._sources == {}


def test_more_halves_than_there_are():
    data = save(photo((90, 61)), "jpeg2000", no_jp2=True, num_resolutions=2)
    with pytest.raises(ValueError, match="resolutions"):
        openjpeg.decode_components(memoryview(data), 3)


def test_without_the_library_it_is_not_supported(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(openjpeg, "_library", None)
    with pytest.raises(PermanentError) as caught:
        openjpeg.decode_components(memoryview(b""), 0)
    assert caught.value.code is ErrorCode.UNSUPPORTED_MEDIA
