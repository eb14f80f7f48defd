"""Deep samples of linear light: their dark shades survive eight bits."""

from __future__ import annotations

import struct

import pytest

from lib.imaging.color.linear import with_square
from lib.imaging.load import read_picture
from tests.media.make_psds import resource
from tests.media.make_tiffs import Entries, directory
from tests.support.images import LIMITS
from tests.support.profiles import ADOBE_RGB, rgb_profile

SRGB = ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410))
"""Primaries as XYZ under D50 (http://www.brucelindbloom.com)."""

LINEAR = rgb_profile("Linear", SRGB, 1.0)


def light(value: int) -> float:
    """Return the light of an sRGB signal (IEC 61966-2-1)."""
    signal = value / 255
    return signal / 12.92 if signal <= 0.04045 else ((signal + 0.055) / 1.055) ** 2.4


def ramp(form: str) -> bytes:
    """Return 256 greys of RGB from black to white, big end first."""
    lights = [light(value) for value in range(256) for _ in range(3)]
    if form == "H":
        return struct.pack(">768H", *(round(each * 65_535) for each in lights))
    return struct.pack(f">768{form}", *lights)


def page(form: str, profile: bytes) -> bytes:
    content = ramp(form)
    size = len(content) // 768
    entries: Entries = {
        256: ("I", [256]),
        257: ("I", [1]),
        258: ("H", [8 * size] * 3),
        259: ("H", [1]),
        262: ("H", [2]),
        273: ("I", [8]),
        277: ("H", [3]),
        278: ("I", [1]),
        279: ("I", [len(content)]),
        339: ("H", [1 if form == "H" else 3] * 3),
        34_675: ("B", list(profile)),
    }
    return directory(content, entries, ">")


def document(form: str, profile: bytes) -> bytes:
    samples = struct.unpack(f">768{form}", ramp(form))
    planes = b"".join(struct.pack(f">256{form}", *samples[at::3]) for at in range(3))
    depth = 8 * struct.calcsize(form)
    head = struct.pack(">4sH6xHIIHH", b"8BPS", 1, 3, 1, 256, depth, 3) + bytes(4)
    told = resource(1039, profile)
    return head + struct.pack(">I", len(told)) + told + bytes(4) + bytes(2) + planes


@pytest.mark.parametrize("form", ["H", "e", "f", "d"])
def test_each_shade_of_a_linear_page_is_kept(form: str):
    picture = read_picture(page(form, LINEAR), "tiff", LIMITS)
    reds = list(picture.image.getchannel(0).tobytes())
    assert max(abs(found - wanted) for wanted, found in enumerate(reds)) <= 3
    assert len(set(reds[:40])) >= 25  # eight bits of linear light have seven of them
    assert picture.probe.color_space == "Linear"


@pytest.mark.parametrize("form", ["H", "f"])
def test_each_shade_of_a_linear_document_is_kept(form: str):
    picture = read_picture(document(form, LINEAR), "psd", LIMITS)
    reds = list(picture.image.getchannel(0).tobytes())
    assert max(abs(found - wanted) for wanted, found in enumerate(reds)) <= 3
    assert len(set(reds[:40])) >= 25


def test_a_profile_of_another_curve_or_kind_stays_as_it_is():
    assert with_square(LINEAR, "RGB")
    assert with_square(LINEAR, "CMYK") is None
    assert with_square(rgb_profile("Adobe", ADOBE_RGB, 2.2), "RGB") is None
    assert with_square(None, "RGB") is None
    assert with_square(LINEAR.replace(b"rTRC", b"A2B0"), "RGB") is None


@pytest.mark.parametrize("length", range(0, len(LINEAR), 7))
def test_a_profile_that_is_cut_is_not_followed(length: int):
    assert with_square(LINEAR[:length], "RGB") is None
