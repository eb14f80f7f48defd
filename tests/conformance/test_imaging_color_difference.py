"""What is read looks like LittleCMS's own conversion: ΔE2000 at most 2 on the mean."""

from __future__ import annotations

import io
from pathlib import Path
from statistics import fmean

import pytest
from PIL import Image, ImageCms

from lib.imaging.load import read_picture
from lib.sniff import sniff
from tests.support.ciede2000 import Lab, difference, srgb_to_lab
from tests.support.images import LIMITS, MEDIA, photo, save
from tests.support.profiles import (
    ADOBE_RGB,
    DISPLAY_P3,
    PROPHOTO,
    display_profile,
    grey_profile,
    ink_profile,
    profile,
)

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"

PRESS = {"icc_profile": ink_profile("Test press")}


@pytest.mark.parametrize(
    ("one", "other", "published"),
    [
        # Sharma, Wu, Dalal: The CIEDE2000 Color-Difference Formula (2005), table 1.
        ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
        ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
        ((50.0, 2.5, 0.0), (50.0, 0.0, -2.5), 4.3065),
        ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_the_measure_itself(one: Lab, other: Lab, published: float):
    assert difference(one, other) == pytest.approx(published, abs=1e-4)


def reference(data: bytes) -> Image.Image:
    """Every pixel through LittleCMS, in its most exact and slowest way."""
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        icc = image.info.get("icc_profile")
        source = ImageCms.ImageCmsProfile(io.BytesIO(icc) if icc else ImageCms.createProfile("LAB"))
        exact = ImageCms.Flags.NOOPTIMIZE | ImageCms.Flags.NOCACHE
        transform = ImageCms.ImageCmsTransform(
            source,
            ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")),
            image.mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            flags=exact | ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
        return transform.apply(image)


def mean_difference(a: Image.Image, b: Image.Image) -> float:
    one, other = (image.convert("RGB").tobytes() for image in (a, b))
    pixels = ((one[at : at + 3], other[at : at + 3]) for at in range(0, len(one), 3))
    return fmean(difference(srgb_to_lab(p), srgb_to_lab(q)) for p, q in pixels)


def assert_alike(data: bytes):
    wanted = reference(data)
    picture = read_picture(data, sniff(data).container, LIMITS, widest=64)
    small = wanted.resize(picture.image.size, Image.Resampling.LANCZOS)
    assert mean_difference(picture.image, small) <= 2


def lab() -> bytes:
    transform = ImageCms.buildTransform(
        ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
    )
    converted = ImageCms.applyTransform(photo(), transform)
    assert converted
    return save(converted, "tiff")


@pytest.mark.parametrize(
    "data",
    [
        *(
            pytest.param(save(photo(), container, icc_profile=profile(primaries)), id=name)
            for name, container, primaries in (
                ("p3-png", "png", DISPLAY_P3),
                ("p3-webp", "webp", DISPLAY_P3),
                ("p3-avif", "avif", DISPLAY_P3),
                ("adobe-tiff", "tiff", ADOBE_RGB),
                ("prophoto-jpeg", "jpeg", PROPHOTO),
            )
        ),
        pytest.param((MEDIA / "été à la plage + sunset v1.2.final.jpg").read_bytes(), id="photo"),
        pytest.param(lab(), id="lab-tiff"),
        *(
            pytest.param(save(photo().convert("CMYK"), container, **PRESS), id=f"press-{container}")
            for container in ("jpeg", "tiff")
        ),
        pytest.param(
            save(photo().convert("L"), "jpeg", icc_profile=grey_profile("Test grey", 1.8)),
            id="grey-jpeg",
        ),
        pytest.param(
            save(photo(), "jpeg", icc_profile=display_profile("Test P3", DISPLAY_P3)),
            id="version-4",
        ),
        pytest.param((MEDIA / "wide-gamut.png").read_bytes(), id="wide-gamut"),
    ],
)
def test_profiles_are_followed(data: bytes):
    assert_alike(data)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="needs ../shared/corpus; made ones stand for it")
@pytest.mark.parametrize(
    "name",
    [
        "Channel_digital_image_CMYK_color.jpg",
        "fogra-0-100-100-0.tif",
        "tifftag-photoshop.tiff",
        "concert.jpg",
        "p3.png",
        "prophoto.png",
    ],
)
def test_real_profiles_are_followed(name: str):
    data = (CORPUS / name).read_bytes()
    assert_alike(data)
