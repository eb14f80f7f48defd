"""Read what a camera wrote about a photo, typed, in range and bounded: Exif 3.0 (CIPA DC-008).

A source may say anything: what is not as the standard has it is left out, and nothing is raised.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from lib.domain.media import ImageProbe
from lib.imaging.printable import printable

Tags = Mapping[int, Any]

SENSITIVITIES = (
    Base.ISOSpeedRatings,
    Base.ISOSpeed,
    Base.RecommendedExposureIndex,
    Base.StandardOutputSensitivity,
)
MORE_THAN_16_BITS = 65_535
"""A sensitivity that has no room in the first of its fields and is found in another."""

MOMENT = re.compile(
    r"(\d{4})([:/.-])(\d\d?)\2(\d\d?)(?: +|T)(\d\d?):(\d\d)(?::(\d\d)(?:[.,]\d*)?)? ?(\S*)",
    re.ASCII,
)
"""As the standard has it, and as phones and editors write it: other signs between, no seconds or
parts of them, a zone of its own. The year comes first; what may be a day or a month is no date."""

OFFSET = re.compile(r"([+-])(\d\d?)(?::?([0-5]\d))?", re.ASCII)
UTC = ("Z", "UTC")
MOST_HOURS = 14

LOWEST_M, HIGHEST_M = -12_000.0, 100_000.0
"""From below the deepest sea to the edge of space."""


def read_exif(exif: Image.Exif) -> ImageProbe:
    """Return a probe of what EXIF says and of nothing else."""
    main: Tags = exif
    details, place = _directory(exif, IFD.Exif), _directory(exif, IFD.GPSInfo)
    latitude = _degrees(place, GPS.GPSLatitude, GPS.GPSLatitudeRef, ("N", "S"), 90)
    longitude = _degrees(place, GPS.GPSLongitude, GPS.GPSLongitudeRef, ("E", "W"), 180)
    # Phones without a fix write zeros. Nobody takes photos on the sea at exactly 0°, 0°.
    located = latitude is not None and longitude is not None and (latitude, longitude) != (0, 0)
    return ImageProbe(
        captured_at=_captured_at(details),
        camera=_product(main, Base.Make, Base.Model),
        lens=_product(details, Base.LensMake, Base.LensModel),
        exposure_s=_positive(details, Base.ExposureTime, 1e6),
        f_number=_positive(details, Base.FNumber, 1e4),
        iso=_sensitivity(details),
        focal_length_mm=_positive(details, Base.FocalLength, 1e6),
        latitude=latitude if located else None,
        longitude=longitude if located else None,
        altitude_m=_altitude(place) if located else None,
        copyright=_copyright(main),
    )


def _directory(exif: Image.Exif, ifd: int) -> Tags:
    try:
        return exif.get_ifd(ifd)
    except Exception:  # a negative pointer, say; no fact is worth the picture
        return {}


def first_value(tags: Tags, tag: int) -> Any:
    """Return the first of a tag's values, or None."""
    value = tags.get(tag)
    return (value[0] if value else None) if isinstance(value, tuple) else value


def _text(tags: Tags, tag: int) -> str:
    """Return a text: UTF-8 where it is (3.0 allows it, phones wrote it before), else Latin-1."""
    value = first_value(tags, tag)
    return printable(_as_utf8(value) if isinstance(value, str) else value)


def _as_utf8(text: str) -> str:
    """Undo Pillow's reading of a text as Latin-1."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def _number(value: Any) -> float:
    """Return a finite number, or NaN, which no comparison lets through."""
    if isinstance(value, str | bytes):  # Python would read the number in it
        return math.nan
    try:
        number = float(value)
    except (ArithmeticError, TypeError, ValueError):
        return math.nan
    return number if math.isfinite(number) else math.nan


def _positive(tags: Tags, tag: int, most: float) -> float | None:
    """Return a number to six digits, above nothing."""
    number = _number(first_value(tags, tag))
    return float(f"{number:.6g}") if 1e-9 < number <= most else None


def _sensitivity(details: Tags) -> int | None:
    numbers = (_number(first_value(details, tag)) for tag in SENSITIVITIES)
    return next(
        (round(each) for each in numbers if 0 < each <= 1e8 and each != MORE_THAN_16_BITS), None
    )


def _degrees(
    place: Tags, tag: int, reference: int, signs: tuple[str, str], most: int
) -> float | None:
    """Return degrees, minutes and seconds as degrees to 7 digits (a centimetre), signed."""
    parts, sign = place.get(tag), printable(place.get(reference))[:1].upper()
    if not isinstance(parts, tuple) or len(parts) != 3 or sign not in signs:
        return None
    degrees, minutes, seconds = map(_number, parts)
    if not (degrees >= 0 and 0 <= minutes <= 60 and 0 <= seconds <= 60):
        return None
    total = degrees + minutes / 60 + seconds / 3600
    if not total <= most:
        return None
    return round(-total if sign == signs[1] else total, 7)


def _altitude(place: Tags) -> float | None:
    metres = _number(first_value(place, GPS.GPSAltitude))
    below = place.get(GPS.GPSAltitudeRef) in (1, b"\1")
    metres = -metres if below else metres
    return round(metres, 2) if LOWEST_M <= metres <= HIGHEST_M else None


def _captured_at(details: Tags) -> str | None:
    """Return the moment in ISO 8601; a zone beside the time itself comes before the tag's."""
    for moment, zone in (
        (Base.DateTimeOriginal, Base.OffsetTimeOriginal),
        (Base.DateTimeDigitized, Base.OffsetTimeDigitized),
    ):
        found = MOMENT.fullmatch(_text(details, moment))
        if found is None:
            continue
        year, _, month, day, hour, minute, second, inside = found.groups(default="0")
        date, time = f"{year}-{month:>02}-{day:>02}", f"{hour:>02}:{minute}:{second:>02}"
        try:
            taken = datetime.fromisoformat(f"{date}T{time}").isoformat()
        except ValueError:
            continue
        if not inside:
            return taken + _offset(_text(details, zone))
        if inside in UTC:
            return f"{taken}+00:00"
        if OFFSET.fullmatch(inside):
            return taken + _offset(inside)
    return None


def _offset(text: str) -> str:
    """Return a clock's distance from UTC as `+HH:MM`, nothing for what no clock has."""
    found = OFFSET.fullmatch(text)
    if found is None or int(found[2]) > MOST_HOURS:
        return ""
    return f"{found[1]}{int(found[2]):02}:{found[3] or '00'}"


def _product(tags: Tags, make_tag: int, model_tag: int) -> str | None:
    """Join maker and model, once where the model says both: "Canon", "Canon EOS R5"."""
    make, model = _text(tags, make_tag), _text(tags, model_tag)
    if model.lower().startswith(make.lower()):
        make = ""
    return printable(f"{make} {model}") or None


def _copyright(main: Tags) -> str | None:
    """Return the photographer's and the editor's, which a NUL divides."""
    value = first_value(main, Base.Copyright)
    holders = _as_utf8(value).split("\0")[:2] if isinstance(value, str) else ()
    return printable(", ".join(filter(None, map(printable, holders)))) or None
