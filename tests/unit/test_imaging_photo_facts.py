"""What a photo's EXIF says becomes typed facts in range, whatever it is that it says."""

from __future__ import annotations

import io
import random
import struct
from dataclasses import asdict, fields, replace
from typing import Any

import pytest
from PIL import Image, TiffTags
from PIL.ExifTags import GPS, IFD, Base
from PIL.TiffImagePlugin import IFDRational

from lib import presets
from lib.domain.media import ImageProbe
from lib.imaging.load import read_picture
from lib.imaging.metadata.exif import read_exif

LIMITS = presets.load(presets.PACKAGED).limits
NAN = IFDRational(0, 0)

PLACE: dict[int, Any] = {
    GPS.GPSLatitudeRef: "S",
    GPS.GPSLatitude: (IFDRational(33), IFDRational(51), IFDRational(3576, 100)),
    GPS.GPSLongitudeRef: "W",
    GPS.GPSLongitude: (IFDRational(151), IFDRational(12), IFDRational(40)),
    GPS.GPSAltitudeRef: b"\1",
    GPS.GPSAltitude: IFDRational(2550, 100),
}
DETAILS: dict[int, Any] = {
    Base.DateTimeOriginal: "2024:07:14 21:30:05",
    Base.OffsetTimeOriginal: "-03:30",
    Base.LensMake: "Canon",
    Base.LensModel: "Canon RF 24-70mm F2.8",
    Base.ExposureTime: IFDRational(1, 160),
    Base.FNumber: IFDRational(28, 10),
    Base.ISOSpeedRatings: 400,
    Base.FocalLength: IFDRational(425, 10),
}


def exif_of(
    main: dict[int, Any] | None = None,
    details: dict[int, Any] | None = None,
    place: dict[int, Any] | None = None,
) -> Image.Exif:
    exif = Image.Exif()
    exif.update(main or {})
    exif.get_ifd(IFD.Exif).update(details or {})
    exif.get_ifd(IFD.GPSInfo).update(place or {})
    return exif


def described(**directories: Any) -> ImageProbe:
    return read_exif(exif_of(**directories))


def jpeg(exif: Image.Exif | bytes) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (32, 24), "teal").save(file, "JPEG", exif=exif)
    return file.getvalue()


def test_everything_that_a_camera_writes():
    main: dict[int, Any] = {
        Base.Make: "Canon",
        Base.Model: "EOS R5",
        Base.Copyright: "Zoë".encode(),
    }
    data = jpeg(exif_of(main, DETAILS, PLACE))
    probe = read_picture(data, "jpeg", LIMITS).probe
    assert replace(probe, color_space=None) == ImageProbe(
        width=32,
        height=24,
        frames=1,
        format="jpeg",
        has_alpha=False,
        complete=True,
        captured_at="2024-07-14T21:30:05-03:30",
        camera="Canon EOS R5",
        lens="Canon RF 24-70mm F2.8",
        exposure_s=0.00625,
        f_number=2.8,
        iso=400,
        focal_length_mm=42.5,
        latitude=-33.8599333,
        longitude=-151.2111111,
        altitude_m=-25.5,
        copyright="Zoë",
    )


@pytest.mark.parametrize("container", ["png", "webp", "tiff", "avif"])
def test_it_is_read_from_every_container(container: str):
    file = io.BytesIO()
    Image.new("RGB", (32, 24), "teal").save(
        file, container, exif=exif_of({}, DETAILS, PLACE).tobytes()
    )
    probe = read_picture(file.getvalue(), container, LIMITS).probe
    assert (probe.iso, probe.latitude) == (400, -33.8599333)


@pytest.mark.parametrize(
    "wrong",
    [
        {GPS.GPSLatitude: (IFDRational(91), IFDRational(0), IFDRational(0))},
        {GPS.GPSLatitude: (IFDRational(90), IFDRational(0), IFDRational(1))},
        {GPS.GPSLatitude: (IFDRational(-9), IFDRational(0), IFDRational(0))},
        {GPS.GPSLatitude: (IFDRational(9), IFDRational(61), IFDRational(0))},
        {GPS.GPSLatitude: (IFDRational(9), IFDRational(0))},
        {GPS.GPSLatitude: (NAN, NAN, NAN)},
        {GPS.GPSLatitude: "33"},
        {GPS.GPSLongitude: (IFDRational(180), IFDRational(59), IFDRational(0))},
        {GPS.GPSLatitudeRef: "W"},
        {GPS.GPSLongitudeRef: ""},
    ],
)
def test_half_a_place_is_no_place(wrong: dict[int, Any]):
    probe = described(place=PLACE | wrong)
    assert (probe.latitude, probe.longitude, probe.altitude_m) == (None, None, None)


ZEROS = (IFDRational(0),) * 3


@pytest.mark.parametrize("parts", [ZEROS, (NAN,) * 3, (IFDRational(0), IFDRational(0), NAN)])
@pytest.mark.parametrize("signs", ["NE", "SW"])
def test_a_phone_without_a_fix_has_no_place(parts: tuple[Any, ...], signs: str):
    place = PLACE | {GPS.GPSLatitude: parts, GPS.GPSLongitude: parts}
    place |= {GPS.GPSLatitudeRef: signs[0], GPS.GPSLongitudeRef: signs[1]}
    probe = described(place=place)
    assert (probe.latitude, probe.longitude, probe.altitude_m) == (None, None, None)


def test_the_equator_and_the_meridian_are_places():
    on_equator = described(place=PLACE | {GPS.GPSLatitude: ZEROS})
    assert (on_equator.latitude, on_equator.longitude) == (0.0, -151.2111111)
    on_meridian = described(place=PLACE | {GPS.GPSLongitude: ZEROS})
    assert (on_meridian.latitude, on_meridian.longitude) == (-33.8599333, 0.0)


@pytest.mark.parametrize(("south", "west"), [("s", "w"), ("South", "West"), ("S\0", "W\0")])
def test_a_half_of_the_earth_is_known_by_its_first_letter(south: str, west: str):
    place = PLACE | {GPS.GPSLatitudeRef: south, GPS.GPSLongitudeRef: west}
    assert described(place=place).latitude == -33.8599333
    assert described(place=place).longitude == -151.2111111


@pytest.mark.parametrize(
    ("reference", "metres", "expected"),
    [
        (b"\0", IFDRational(8849), 8849.0),
        (b"\1", IFDRational(431), -431.0),
        (b"\0", IFDRational(2_000_000), None),
        (b"\1", IFDRational(20_000), None),
        (b"\0", NAN, None),
    ],
)
def test_an_altitude_is_on_earth(reference: bytes, metres: Any, expected: float | None):
    place = PLACE | {GPS.GPSAltitudeRef: reference, GPS.GPSAltitude: metres}
    assert described(place=place).altitude_m == expected


@pytest.mark.parametrize(
    ("tag", "value", "field", "expected"),
    [
        (Base.ExposureTime, IFDRational(30), "exposure_s", 30.0),
        (Base.ExposureTime, IFDRational(1, 3), "exposure_s", 0.333333),
        (Base.ExposureTime, IFDRational(0), "exposure_s", None),
        (Base.ExposureTime, NAN, "exposure_s", None),
        (Base.ExposureTime, IFDRational(1, 0), "exposure_s", None),
        (Base.ExposureTime, "1/60", "exposure_s", None),
        (Base.FNumber, IFDRational(4_000_000_000), "f_number", None),
        (Base.FocalLength, (), "focal_length_mm", None),
        (Base.ISOSpeedRatings, (200, 0), "iso", 200),
        (Base.ISOSpeedRatings, 0, "iso", None),
        (Base.ISOSpeedRatings, "800", "iso", None),
    ],
)
def test_a_number_is_a_number_in_range_or_nothing(
    tag: int, value: Any, field: str, expected: float | None
):
    assert getattr(described(details={tag: value}), field) == expected


def test_a_sensitivity_beyond_16_bits_is_in_its_longer_field():
    assert described(details={Base.ISOSpeedRatings: 65_535}).iso is None
    more = {Base.ISOSpeedRatings: 65_535, Base.RecommendedExposureIndex: 102_400}
    assert described(details=more).iso == 102_400


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Ada\0Bob", "Ada, Bob"),
        (" \0Bob\0Eve", "Bob"),
        ("Ada", "Ada"),
        (" ", None),
        ("© 2024 Zoë".encode().decode("latin-1"), "© 2024 Zoë"),
        ("\x1b[2J\u202eAda\n", "[2JAda"),
        ("A" * 1000, "A" * 200),
    ],
)
def test_a_copyright_is_short_and_printable(said: str, expected: str | None):
    exif = Image.Exif()
    exif[Base.Copyright] = said
    assert read_exif(exif).copyright == expected


@pytest.mark.parametrize(
    ("offset", "expected"),
    [
        ("+14:00", "2024-07-14T21:30:05+14:00"),
        ("+99:00", "2024-07-14T21:30:05"),
        ("Z", "2024-07-14T21:30:05"),
    ],
)
def test_an_offset_is_one_that_clocks_have(offset: str, expected: str):
    details = DETAILS | {Base.OffsetTimeOriginal: offset}
    assert described(details=details).captured_at == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        # Those that exiftool 13.59 hands on as they are, in ISO 8601.
        ("2025:01:14 18:31:30", "2025-01-14T18:31:30+05:00"),
        ("2025:01:14 18:31:30+00:00", "2025-01-14T18:31:30+00:00"),
        ("2025:01:14 18:31:30-08:00", "2025-01-14T18:31:30-08:00"),
        ("2025:01:14 18:31:30 +02:00", "2025-01-14T18:31:30+02:00"),
        ("2025:01:14 18:31:30+0200", "2025-01-14T18:31:30+02:00"),
        ("2025:01:14 18:31:30+2", "2025-01-14T18:31:30+02:00"),
        ("2025:01:14 18:31:30Z", "2025-01-14T18:31:30+00:00"),
        ("2025:01:14 18:31:30 UTC", "2025-01-14T18:31:30+00:00"),
        ("2025:01:14 18:31:30.250", "2025-01-14T18:31:30+05:00"),
        ("2025:01:14 18:31:30.250-03:30", "2025-01-14T18:31:30-03:30"),
        ("2025:01:14 18:31:30+99:00", "2025-01-14T18:31:30"),
        ("2025-01-14 18:31:30", "2025-01-14T18:31:30+05:00"),
        ("2025-01-14T18:31:30", "2025-01-14T18:31:30+05:00"),
        ("2025-01-14T18:31:30.5Z", "2025-01-14T18:31:30+00:00"),
        ("2025/01/14 18:31:30", "2025-01-14T18:31:30+05:00"),
        ("2025.01.14 18:31:30", "2025-01-14T18:31:30+05:00"),
        ("2025:1:4 8:05:09", "2025-01-04T08:05:09+05:00"),
        ("2025:01:14 18:31", "2025-01-14T18:31:00+05:00"),
        ("  2025:01:14  18:31:30  ", "2025-01-14T18:31:30+05:00"),
        ("2025:01/14 18:31:30", None),
        ("14/01/2025 18:31:30", None),
        ("2025:01:14", None),
        ("2025:01:14 06:31:30 PM", None),
        ("2025:01:14 24:00:00", None),
        ("2025:13:14 18:31:30", None),
        ("2025:02:29 18:31:30", None),
        ("0000:00:00 00:00:00", None),
        ("    :  :     :  :  ", None),
        ("2025:01:14 18:31:30 in the evening", None),
        ("２０２５:01:14 18:31:30", None),
    ],
)
def test_a_moment_is_read_as_it_is_written(said: str, expected: str | None):
    details = {Base.DateTimeOriginal: said, Base.OffsetTimeOriginal: "+05:00"}
    assert described(details=details).captured_at == expected


def test_what_is_no_moment_gives_way_to_the_next():
    details = {
        Base.DateTimeOriginal: "0000:00:00 00:00:00",
        Base.DateTimeDigitized: "2025/01/14 18:31:30",
        Base.OffsetTimeDigitized: "+1:00",
    }
    assert described(details=details).captured_at == "2025-01-14T18:31:30+01:00"


@pytest.mark.parametrize(
    ("kind", "pointer"),
    [
        (TiffTags.LONG, 0xFFFFFFF0),
        (TiffTags.SIGNED_LONG, 0xFFFFFFF0),  # negative
        (TiffTags.ASCII, 0x61620000),
        (TiffTags.FLOAT, 0x7FC00000),  # not a number
        (TiffTags.LONG, 2),
    ],
)
def test_what_is_damaged_in_one_directory_costs_nothing_in_another(kind: int, pointer: int):
    main: dict[int, Any] = {Base.Make: "Maker", Base.Orientation: 6}
    whole = exif_of(main, DETAILS, PLACE).tobytes()
    entry = whole.index(struct.pack(">HHL", IFD.Exif, TiffTags.LONG, 1))
    damaged = whole[:entry] + struct.pack(">HHLL", IFD.Exif, kind, 1, pointer) + whole[entry + 12 :]
    probe = read_picture(jpeg(damaged), "jpeg", LIMITS).probe
    assert (probe.camera, probe.orientation, probe.altitude_m) == ("Maker", 6, -25.5)
    assert probe.iso is None


def test_nothing_that_is_malformed_raises_and_the_facts_stay_typed():
    main: dict[int, Any] = {Base.Make: "Maker", Base.Copyright: "Ada", Base.Orientation: 6}
    whole = exif_of(main, DETAILS, PLACE).tobytes()
    types = {each.name: str(each.type) for each in fields(ImageProbe)}
    chance = random.Random(3)
    survived = 0
    for _ in range(3000):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 8)):
            damaged[chance.randrange(6, len(damaged))] = chance.choice(
                (0, 1, 255, chance.randrange(256))
            )
        cut = chance.randrange(len(damaged)) if chance.random() < 0.2 else len(damaged)
        probe = read_picture(jpeg(bytes(damaged[:cut])), "jpeg", LIMITS).probe
        for name, value in asdict(probe).items():
            assert value is None or type(value).__name__ in types[name], (name, value)
        survived += probe.iso == 400
    assert survived > 300, "the damage leaves nothing to read"
