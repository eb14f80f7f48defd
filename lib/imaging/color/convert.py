"""Convert pixels to sRGB by their embedded profile (ICC.1:2022, through LittleCMS)."""

from __future__ import annotations

from PIL import Image, ImageCms

from lib.imaging.color.profile import open_profile
from lib.imaging.printable import printable
from lib.imaging.transparency import has_alpha

DESCRIBED = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK", "Lab ": "LAB"}
"""Colour space of a profile → mode of the pixels that it describes."""

NAMES = {"1": "grey", "L": "grey", "LA": "grey", "I;16": "grey", "CMYK": "CMYK", "LAB": "Lab"}
"""Mode without a profile → colour space; sRGB otherwise, as browsers take it."""


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return the image as L, LA, RGB or RGBA in sRGB.

    Relative colorimetric with black point compensation, as browsers do. Without a profile that
    describes such pixels, RGB and grey are taken for sRGB, and CMYK is converted arithmetically.
    """
    source = open_profile(profile, image.mode)
    if not source and image.mode != "LAB":
        return image.convert("RGB") if image.mode == "CMYK" else image
    source = source or ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    described = DESCRIBED[source.profile.xcolor_space]
    # LittleCMS passes the alpha of RGBA on.
    mode = "RGBA" if (image.mode, described) == ("RGBA", "RGB") else described
    try:
        converted = ImageCms.profileToProfile(
            image if image.mode == mode else image.convert(mode),
            source,
            ImageCms.createProfile("sRGB"),
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            "RGBA" if mode == "RGBA" else "RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError):
        return to_srgb(image, None)
    assert converted is not None  # only None when converted in place
    if described == "L" or image.mode in ("L", "LA"):
        converted = converted.convert("L")
    if has_alpha(image) and mode != "RGBA":
        converted.putalpha(image.getchannel("A"))
    return converted


def name_space(mode: str, profile: bytes | None) -> str:
    """Return the colour space of pixels as the profile that is followed calls it, or as taken."""
    if opened := open_profile(profile, mode):
        if opened.profile.xcolor_space == "Lab ":
            return "Lab"
        if name := printable(opened.profile.profile_description):
            return name
    return NAMES.get(mode, "sRGB")
