"""Convert pixels to sRGB by their embedded profile (ICC.1:2022, through LittleCMS)."""

from __future__ import annotations

import io

from PIL import Image, ImageCms

from lib.imaging.metadata import printable
from lib.imaging.transparency import has_alpha

DESCRIBED = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK", "Lab ": "LAB"}
"""Colour space of a profile → mode of the pixels that it describes."""

NAMES = {"1": "grey", "L": "grey", "LA": "grey", "I;16": "grey", "CMYK": "CMYK", "LAB": "Lab"}
"""Mode without a profile → colour space; sRGB otherwise, as browsers take it."""

NEEDS_CONVERSION = ("CMYK", "LAB")


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return the image as L, LA, RGB or RGBA in sRGB.

    Relative colorimetric with black point compensation, as browsers do. Without a profile, or with
    one that is broken or describes another kind of pixels, RGB and grey are taken for sRGB, and
    CMYK is converted arithmetically.
    """
    if not profile and image.mode != "LAB":
        return image.convert("RGB") if image.mode == "CMYK" else image
    try:
        source = ImageCms.ImageCmsProfile(
            io.BytesIO(profile) if profile else ImageCms.createProfile("LAB")
        )
        described = DESCRIBED[source.profile.xcolor_space]
        if image.mode != described and {image.mode, described}.intersection(NEEDS_CONVERSION):
            return to_srgb(image, None)
        # LittleCMS passes the alpha of RGBA on.
        mode = "RGBA" if (image.mode, described) == ("RGBA", "RGB") else described
        converted = ImageCms.profileToProfile(
            image if image.mode == mode else image.convert(mode),
            source,
            ImageCms.createProfile("sRGB"),
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            "RGBA" if mode == "RGBA" else "RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, KeyError):
        return to_srgb(image, None)
    assert converted is not None  # only None when converted in place
    if described == "L" or image.mode in ("L", "LA"):
        converted = converted.convert("L")
    if has_alpha(image) and mode != "RGBA":
        converted.putalpha(image.getchannel("A"))
    return converted


def name_space(mode: str, profile: bytes | None) -> str:
    """Return the colour space of pixels as their profile calls it, or as they are taken."""
    if profile:
        try:
            opened = ImageCms.ImageCmsProfile(io.BytesIO(profile)).profile
            described = "Lab" if opened.xcolor_space == "Lab " else opened.profile_description
        except OSError:
            described = None
        if described:
            return printable(described)
    return NAMES.get(mode, "sRGB")
