"""Every kind of flattened picture that Photoshop writes, its pixels known by construction."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest
from PIL import Image

from lib.domain.errors import ErrorCode, PermanentError
from lib.domain.media import WarningCode
from lib.imaging.load import read_picture
from tests.media.make_psds import (
    BITMAP,
    CHANNELS,
    CMYK,
    DUOTONE,
    GREY,
    INDEXED,
    LAB,
    MULTICHANNEL,
    RAW,
    RGB,
    RUN_LENGTHS,
    SHADES,
    ZIP,
    ZIP_PREDICTED,
    Kind,
    alpha_at,
    color_at,
    resource,
    write,
)
from tests.support.images import LIMITS

PACKINGS = {"raw": RAW, "runs": RUN_LENGTHS, "zip": ZIP, "predicted": ZIP_PREDICTED}
MODELS = {"grey": GREY, "rgb": RGB, "cmyk": CMYK, "lab": LAB, "duotone": DUOTONE}

KINDS: dict[str, Kind] = {"indexed": Kind(INDEXED), "indexed-runs": Kind(INDEXED, packing=1)}
for name, packing in (("raw", RAW), ("runs", RUN_LENGTHS), ("zip", ZIP)):
    KINDS[f"bitmap-{name}"] = Kind(BITMAP, 1, packing=packing)
for name, packing in PACKINGS.items():
    for model in MODELS:
        for depth in (8, 16) if model in ("lab", "duotone") else (8, 16, 32):
            KINDS[f"{model}-{depth}-{name}"] = Kind(MODELS[model], depth, packing=packing)
            for extras in (1, 2):
                KINDS[f"{model}-{depth}-{name}-{extras}-clear"] = Kind(
                    MODELS[model], depth, extras, -1, packing=packing
                )
                KINDS[f"{model}-{depth}-{name}-{extras}-selections"] = Kind(
                    MODELS[model], depth, extras, 2 if extras == 1 else None, packing=packing
                )
for deep in (b"Lr16", b"Lr32", b"Mt16", b"Mt32", b"Mtrn"):
    depth = 32 if deep.endswith(b"32") else 16
    KINDS[f"deep-{deep.decode()}"] = Kind(RGB, depth, 1, None, deep, RUN_LENGTHS)
    KINDS[f"deep-{deep.decode()}-no-layers"] = Kind(GREY, depth, 2, 0, deep)


def expected(kind: Kind, x: int, y: int) -> tuple[tuple[int, ...], int]:
    """Return the colour, as RGB where it is one, and the alpha of a pixel."""
    color = color_at(kind, x, y)
    if kind.model == INDEXED:
        color = SHADES[color[0]]
    elif kind.model == CMYK:
        color = tuple((255 - ink) * (255 - color[3]) // 255 for ink in color[:3])
    elif len(color) == 1:
        color *= 3
    return color, alpha_at(kind, x, y) if kind.is_clear else 255


def lightness(red: int) -> float:
    """Return L* of an sRGB grey, 0–255 (CIE 15; IEC 61966-2-1)."""
    value = red / 255
    light = value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
    bright = 116 * light ** (1 / 3) - 16 if light > 216 / 24_389 else light * 24_389 / 27
    return bright * 2.55


def assert_pixels(image: Image.Image, kind: Kind) -> None:
    pixels = image.convert("RGBA")
    assert pixels.size == kind.size
    for y in range(kind.size[1]):
        for x in range(kind.size[0]):
            (color, alpha), found = expected(kind, x, y), pixels.getpixel((x, y))
            assert isinstance(found, tuple)
            assert abs(found[3] - alpha) <= 1
            if not alpha:
                continue
            if kind.model == LAB:
                color, found = color[:1], (round(lightness(found[0])),)
            # What was put on white has lost as much as its alpha is small.
            allowed = 2 if alpha == 255 else round(3 * 255 / alpha)
            if kind.is_clear and kind.model in (LAB, CMYK):
                continue  # which Photoshop blends in other colours than ours
            apart = max(abs(a - b) for a, b in zip(color, found, strict=False))
            assert apart <= allowed, f"{found} for {color} at {x}, {y}"


@pytest.mark.parametrize("name", KINDS)
def test_a_document_is_read_as_its_head_says(name: str):
    kind = KINDS[name]
    picture = read_picture(write(kind), "psd", LIMITS)
    assert_pixels(picture.image, kind)
    assert picture.probe.has_alpha is kind.is_clear
    assert picture.probe.complete is True


@pytest.mark.parametrize("entry", [0, 17, 255])
def test_a_transparent_entry_of_a_palette(entry: int):
    kind = Kind(INDEXED, resources=resource(1047, struct.pack(">H", entry)))
    image = read_picture(write(kind), "psd", LIMITS).image.convert("RGBA")
    for x in range(kind.size[0]):
        index = color_at(kind, x, 0)[0]
        found = image.getpixel((x, 0))
        assert found == (*SHADES[index], 0 if index == entry else 255) or not found[3]  # type: ignore[index]
        assert (found[3] == 0) is (index == entry)  # type: ignore[index]


@pytest.mark.parametrize("packing", PACKINGS.values(), ids=PACKINGS)
@pytest.mark.parametrize("there", [11, 7, 2])
def test_a_document_that_is_cut_keeps_its_whole_rows(packing: int, there: int):
    kind = Kind(GREY, packing=packing, size=(400, 12))
    whole = write(kind)
    lengths = range(len(whole), 0, -1)
    for length in lengths:
        picture = read_picture(whole[:length], "psd", LIMITS)
        if picture.probe.complete:
            assert length > len(whole) - 20
            continue
        (warning,) = picture.probe.warnings
        assert warning.code is WarningCode.INCOMPLETE
        if warning.message.startswith(f"cut short: {there} of 12 lines"):
            break
    else:
        raise AssertionError("no length leaves so many rows")
    rows = picture.image.crop((0, 0, 400, there))
    reference = read_picture(whole, "psd", LIMITS).image.crop((0, 0, 400, there))
    assert rows.tobytes() == reference.tobytes()


def test_below_a_tenth_of_its_rows_a_document_is_corrupt():
    whole = write(Kind(GREY, size=(100, 100)))
    with pytest.raises(PermanentError) as caught:
        read_picture(whole[: len(whole) - 9_100], "psd", LIMITS)
    assert caught.value.code is ErrorCode.CORRUPT_MEDIA


def test_rows_of_colours_are_whole_where_all_planes_have_them():
    whole = write(Kind(RGB, size=(10, 100)))
    picture = read_picture(whole[: len(whole) - 500], "psd", LIMITS)
    assert picture.probe.warnings[0].message == "cut short: 50 of 100 lines are there"


def test_a_damaged_row_leaves_the_others():
    kind = Kind(GREY, packing=RUN_LENGTHS, size=(40, 40))
    whole = bytearray(write(kind))
    (length,) = struct.unpack_from(">H", whole, len(whole) - 40 * 80 - 80)
    assert length == 80  # forty runs of one
    whole[-80:] = b"\x80" * 80  # the last row has nothing but what does nothing
    picture = read_picture(bytes(whole), "psd", LIMITS)
    assert picture.probe.warnings[0].message == "cut short: 39 of 40 lines are there"


def test_exif_profile_and_rights_of_a_document():
    exif = b"MM\0*\0\0\0\x08\0\1\x01\x0f\0\2\0\0\0\4Ada\0\0\0\0\0"
    notices = resource(1028, b"\x1c\x02\x74\0\x05(c) A")
    document = Kind(resources=resource(1058, exif) + notices)
    probe = read_picture(write(document), "psd", LIMITS).probe
    assert (probe.camera, probe.copyright) == ("Ada", "(c) A")


def with_head(**fields: int) -> Callable[[], bytes]:
    def make() -> bytes:
        data = bytearray(write(Kind()))
        places = {"channels": 12, "depth": 22, "model": 24}
        for name, value in fields.items():
            struct.pack_into(">H", data, places[name], value)
        return bytes(data)

    return make


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (with_head(model=MULTICHANNEL), ErrorCode.UNSUPPORTED_MEDIA),
        (with_head(model=5), ErrorCode.UNSUPPORTED_MEDIA),
        (with_head(depth=4), ErrorCode.UNSUPPORTED_MEDIA),
        (with_head(depth=1), ErrorCode.UNSUPPORTED_MEDIA),
        (with_head(channels=2), ErrorCode.CORRUPT_MEDIA),
        (lambda: write(Kind(packing=4)), ErrorCode.UNSUPPORTED_MEDIA),
    ],
)
def test_what_is_not_read_says_so(make: Callable[[], bytes], code: ErrorCode):
    with pytest.raises(PermanentError) as caught:
        read_picture(make(), "psd", LIMITS)
    assert caught.value.code is code


def test_every_model_has_its_channels():
    assert set(CHANNELS) == {BITMAP, GREY, INDEXED, RGB, CMYK, DUOTONE, LAB}
