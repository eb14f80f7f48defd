"""HDR stills are tone-mapped as Chromium shows them, by the curve of SMPTE ST 2094-50."""

from __future__ import annotations

import io
import math
import struct
import zlib
from collections.abc import Sequence

import pytest
from PIL import Image, ImageCms

from lib.imaging.color.tone_map import (
    BT_709,
    Hdr,
    decode_pq,
    decode_srgb,
    encode_pq,
    encode_srgb,
    make_gain,
    map_signals,
)
from lib.imaging.load import Picture, read_picture
from tests.support.boxes import box
from tests.support.ciede2000 import difference, srgb_to_lab
from tests.support.hdr_patches import (
    GREYS,
    HLG_600,
    HLG_2020,
    HLG_P3,
    PATCHES,
    PQ_600,
    PQ_709,
    PQ_2020,
    PQ_4000,
    PQ_P3,
)
from tests.support.image_items import coded_item, icc, nclx, with_properties, write
from tests.support.images import LIMITS, save
from tests.support.profiles import DISPLAY_P3, display_profile

NEAR = 2.0
"""ΔE2000; what nobody sees side by side. Eight bits of PQ are as far apart in the dark."""


CODED = 4.5
"""A lossy codec has moved a patch by two levels before it is mapped; so it is in Chromium."""


def chart(mode: str = "RGB") -> Image.Image:
    image = Image.new("RGB", (16 * len(PATCHES), 64))
    for number, color in enumerate(PATCHES):
        image.paste(color, (16 * number, 0, 16 * number + 16, 64))
    return image.convert(mode)


def chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


def png(code_points: Sequence[int], *more: bytes, image: Image.Image | None = None) -> bytes:
    data = save(image or chart(), "png")
    signals = chunk(b"cICP", bytes((*code_points, 0, 1)))
    return data[:33] + signals + b"".join(more) + data[33:]


def content_light(nits: int) -> bytes:
    return chunk(b"cLLI", struct.pack(">II", nits * 10_000, 100 * 10_000))


def mastered_on(nits: int) -> bytes:
    return chunk(b"mDCV", bytes(16) + struct.pack(">II", nits * 10_000, 50))


def read(data: bytes, container: str = "png") -> Picture:
    return read_picture(data, container, LIMITS)


def colors(picture: Picture) -> list[tuple[int, ...]]:
    image = picture.image.convert("RGB")
    return [
        tuple(image.crop((16 * number + 8, 32, 16 * number + 9, 33)).tobytes())
        for number in range(len(PATCHES))
    ]


def assert_alike(picture: Picture, wanted: Sequence[tuple[int, ...]], within: float = NEAR):
    for patch, received, right in zip(PATCHES, colors(picture), wanted, strict=True):
        apart = difference(srgb_to_lab(received), srgb_to_lab(right))
        assert apart <= within, (patch, received, right, apart)


@pytest.mark.parametrize(
    ("code_points", "more", "wanted"),
    [
        ((9, 16), [], PQ_2020),
        ((12, 16), [], PQ_P3),
        ((1, 16), [], PQ_709),
        ((9, 18), [], HLG_2020),
        ((12, 18), [], HLG_P3),
        ((9, 16), [content_light(600)], PQ_600),
        ((9, 16), [content_light(4000)], PQ_4000),
        ((9, 16), [content_light(1000)], PQ_2020),
        ((9, 16), [mastered_on(4000)], PQ_4000),
        ((9, 16), [content_light(600), mastered_on(4000)], PQ_600),
        ((9, 16), [content_light(0), mastered_on(4000)], PQ_4000),
        ((9, 16), [content_light(0)], PQ_2020),
        ((9, 18), [content_light(600)], HLG_600),
    ],
    ids=[
        *("pq", "pq-p3", "pq-709", "hlg", "hlg-p3", "pq-600", "pq-4000", "pq-1000"),
        *("mastered-4000", "600-mastered-4000", "0-mastered-4000", "0", "hlg-600"),
    ],
)
def test_a_png_looks_as_in_chromium(
    code_points: tuple[int, int], more: list[bytes], wanted: list[tuple[int, int, int]]
):
    picture = read(png(code_points, *more))
    assert_alike(picture, wanted)
    assert picture.probe.hdr == {16: "pq", 18: "hlg"}[code_points[1]]


def test_greys_are_exact_and_stay_grey():
    as_colors = colors(read(png((9, 16))))[: len(GREYS)]
    assert all(
        abs(a - b) <= 1
        for one, two in zip(as_colors, GREYS, strict=True)
        for a, b in zip(one, two, strict=True)
    )
    ramp = Image.linear_gradient("L").resize((8, 256))
    grey = read(png((9, 16), image=ramp)).image
    color = read(png((9, 16), image=ramp.convert("RGB"))).image
    assert grey.mode == "L"
    values = grey.crop((0, 0, 1, 256)).tobytes()
    assert values == bytes(sorted(values))
    for one, (red, green, blue) in zip(
        values, zip(*[iter(color.crop((0, 0, 1, 256)).tobytes())] * 3, strict=True), strict=True
    ):
        assert max(abs(one - red), abs(one - green), abs(one - blue)) <= 1


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_alpha_passes_untouched(mode: str):
    image = chart("RGB" if mode == "RGBA" else "L")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    picture = read(png((9, 16), image=image))
    assert picture.image.mode == mode
    assert picture.image.getchannel("A").tobytes() == image.getchannel("A").tobytes()


def test_a_palette_and_sixteen_bits_are_mapped_too():
    few = chart().quantize(len(PATCHES))
    assert_alike(read(png((9, 16), image=few)), PQ_2020)
    deep = Image.frombytes("I;16", (256, 1), struct.pack("<256H", *[257 * v for v in range(256)]))
    eight = Image.frombytes("L", (256, 1), bytes(range(256)))
    assert (
        read(png((9, 16), image=deep)).image.tobytes()
        == read(png((9, 16), image=eight)).image.tobytes()
    )


CONTENT_600 = box(b"clli", struct.pack(">HH", 600, 100))
MASTERED_4000 = box(b"mdcv", bytes(16) + struct.pack(">II", 4000 * 10_000, 50))


@pytest.mark.parametrize(("container", "full"), [("avif", "subsampling"), ("heif", "chroma")])
@pytest.mark.parametrize(
    ("properties", "wanted"),
    [
        ([nclx(9, 16, 6)], PQ_2020),
        ([nclx(9, 18, 6)], HLG_2020),
        ([nclx(9, 16, 6), CONTENT_600], PQ_600),
        ([nclx(9, 16, 6), MASTERED_4000], PQ_2020),
        ([CONTENT_600, nclx(9, 16, 6), MASTERED_4000], PQ_600),
    ],
    ids=["pq", "hlg", "pq-600", "mastered-4000", "600-mastered-4000"],
)
def test_an_avif_and_a_heic_look_as_in_chromium(
    container: str, full: str, properties: list[bytes], wanted: list[tuple[int, int, int]]
):
    item = coded_item(
        chart(), container, quality=100, **{full: {"subsampling": "4:4:4"}.get(full, 444)}
    )
    picture = read(write(container, with_properties(item, *properties)), container)
    assert_alike(picture, wanted, within=CODED)
    assert picture.probe.hdr == ("hlg" if wanted is HLG_2020 else "pq")
    assert picture.probe.color_space in ("BT.2020 PQ", "BT.2020 HLG")


def profile_with(points: Sequence[int]) -> bytes:
    """A display's profile of version 4 whose `cicp` tag says more than its curves."""
    plain = display_profile("Test", DISPLAY_P3)
    (count,) = struct.unpack_from(">I", plain, 128)
    moved = b""
    for at in range(132, 132 + 12 * count, 12):
        kind, start, size = struct.unpack_from(">4sII", plain, at)
        moved += struct.pack(">4sII", kind, start + 12, size)
    tag = struct.pack(">4sII", b"cicp", len(plain) + 12, 12)
    body = plain[132 + 12 * count :] + b"cicp" + bytes(4) + bytes((*points, 0, 1))
    whole = plain[4:128] + struct.pack(">I", count + 1) + moved + tag + body
    return struct.pack(">I", len(whole) + 4) + whole


@pytest.mark.parametrize(
    ("container", "options"),
    [
        ("png", {}),
        ("jpeg", {"quality": 100, "subsampling": 0}),
        ("webp", {"lossless": True}),
        ("tiff", {}),
        ("avif", {"quality": 100, "subsampling": "4:4:4"}),
    ],
)
def test_the_code_points_of_a_profile_count(container: str, options: dict[str, object]):
    data = save(chart(), container, icc_profile=profile_with((9, 16)), **options)
    picture = read(data, container)
    assert_alike(picture, PQ_2020, within=CODED)
    assert picture.probe.hdr == "pq"
    ordinary = save(chart(), container, icc_profile=profile_with((12, 13)), **options)
    assert read(ordinary, container).probe.hdr is None
    assert read(ordinary, container).probe.color_space == "Test"


def test_a_profile_comes_before_code_points_in_avif_and_behind_them_in_png():
    item = coded_item(chart(), "avif", quality=100, subsampling="4:4:4")
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    avif = write("avif", with_properties(item, nclx(9, 16, 6), icc(srgb)))
    assert read(avif, "avif").probe.hdr is None
    tagged = save(chart(), "png", icc_profile=srgb)
    signals = chunk(b"cICP", bytes((9, 16, 0, 1)))
    assert read(tagged[:33] + signals + tagged[33:]).probe.hdr == "pq"


@pytest.mark.parametrize(
    "profile", [b"cicp" * 40, profile_with((9, 16))[:-4], b"x" * 132 + b"cicp"]
)
def test_a_profile_with_a_broken_tag_is_no_hdr(profile: bytes):
    assert read(save(chart(), "png", icc_profile=profile)).probe.hdr is None


def sky() -> Image.Image:
    """A sky from 150 to 900 cd/m², bluish; a lower half in the shade."""
    tops = [encode_pq(nits / 203) for nits in range(150, 900, 3)]
    image = Image.new("RGB", (8, 2 * len(tops)), (90, 85, 80))
    for row, signal in enumerate(tops):
        image.paste(
            (round(250 * signal), round(252 * signal), round(255 * signal)), (0, row, 8, row + 1)
        )
    return image


def test_a_bright_sky_is_not_blown():
    image = read(png((9, 16), image=sky())).image
    rows = [image.crop((0, row, 1, row + 1)).tobytes() for row in range(250)]
    assert all(max(row) < 255 for row in rows)
    assert all(sum(after) > sum(row) for row, after in zip(rows, rows[20:], strict=False))
    assert len(set(rows)) > 40  # and has its shades


# The curve


def test_the_gain_is_that_of_the_standard():
    gain = make_gain(1000)
    peak = 1000 / 203
    assert gain(0.0) == gain(0.5) == gain(1.0) == pytest.approx(0.5)
    assert peak * gain(peak) == pytest.approx(1)
    assert 2 * peak * gain(2 * peak) == pytest.approx(1)
    lights = [1 + (peak - 1) * n / 500 for n in range(501)]
    mapped = [light * gain(light) for light in lights]
    assert mapped == sorted(mapped)
    # Between two of the eight points it leaves the Bézier curve of (1, 0.5), (1.65, 0.825) and the
    # peak by a two-hundredth at most.
    for n in range(101):
        t = n / 100
        x = (1 - t) ** 2 + 2 * t * (1 - t) * 1.65 + t * t * peak
        y = (1 - t) ** 2 * 0.5 + 2 * t * (1 - t) * 0.825 + t * t
        assert x * gain(x) == pytest.approx(y, abs=0.005)


@pytest.mark.parametrize("peak", [203, 150, 1])
def test_what_says_it_is_no_brighter_than_sdr_stays_as_it_is(peak: int):
    gain = make_gain(peak)
    assert gain(0.3) == gain(1.0) == 1
    assert 4 * gain(4.0) == pytest.approx(1)


def test_white_falls_no_further_above_the_usual_peak():
    assert make_gain(4000)(1.0) == make_gain(10_000)(1.0) == make_gain(50_000)(1.0) == 0.5
    assert make_gain(450)(1.0) == pytest.approx(
        1 - 0.5 * math.log2(450 / 203) / math.log2(1000 / 203)
    )


def test_signals_and_light_are_each_others_inverse():
    # SMPTE ST 2084, and the levels of ITU-R BT.2408 (203 cd/m² at 58 % of PQ).
    assert encode_pq(1.0) == pytest.approx(0.5807, abs=1e-4)
    assert decode_pq(1.0) == pytest.approx(10_000 / 203)
    for level in (0.0, 0.01, 0.2, 0.5, 0.8, 1.0):
        assert encode_pq(decode_pq(level)) == pytest.approx(level, abs=1e-6)
        assert encode_srgb(decode_srgb(level)) == pytest.approx(level, abs=1e-4)
    assert encode_srgb(-0.5) == -encode_srgb(0.5)


@pytest.mark.parametrize("hdr", [Hdr("pq"), Hdr("hlg"), Hdr("hlg", BT_709)])
def test_grey_signals_give_greys(hdr: Hdr):
    convert = map_signals(hdr)
    for level in range(0, 256, 5):
        red, green, blue = convert(*(level / 255,) * 3)
        assert red == pytest.approx(green, abs=1e-3)
        assert green == pytest.approx(blue, abs=1e-3)


def test_its_renditions_say_nothing_of_hdr():
    file = io.BytesIO()
    read(png((9, 16))).image.save(file, "PNG")
    assert b"cICP" not in file.getvalue()


def test_each_frame_of_a_sequence_is_mapped():
    file = io.BytesIO()
    dark = chart().point(lambda value: value // 2)
    options = {"quality": 100, "subsampling": "4:4:4", "duration": 100}
    chart().save(file, "AVIF", save_all=True, append_images=[dark], **options)
    data = file.getvalue()
    assert data.count(b"colrnclx") >= 1
    parts = data.split(b"colrnclx")
    hdr = b"colrnclx".join(
        [parts[0], *(struct.pack(">HH", 9, 16) + part[4:] for part in parts[1:])]
    )
    picture = read(hdr, "avif")
    assert picture.probe.hdr == "pq"
    assert_alike(picture, PQ_2020, within=CODED)
    assert picture.animation
    first, second = (frame for frame, _ in picture.animation.frames())
    assert first.tobytes() == picture.image.tobytes()
    plain = read(data, "avif").animation
    assert plain
    assert second.tobytes() != list(plain.frames())[1][0].tobytes()
