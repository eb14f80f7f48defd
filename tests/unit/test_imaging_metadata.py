"""Renditions carry pixels and nothing else; the probe carries typed, bounded facts."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image, ImageCms
from PIL.ExifTags import IFD, Base

from lib import presets
from lib.imaging.load import Picture, read_picture
from lib.imaging.render import make_renditions
from lib.imaging.time_budget import TimeBudget
from lib.imaging.transform import Transform

ROOT = Path(__file__).parents[2]
PRESETS = presets.load(ROOT / "presets.toml")
PRESET = PRESETS.named(None).image
MEDIA = ROOT / "tests" / "media"


def jpeg(exif: Image.Exif | bytes, **options: object) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (32, 24), "teal").save(file, "JPEG", exif=exif, **options)
    return file.getvalue()


def read(data: bytes, container: str = "jpeg") -> Picture:
    return read_picture(data, container, PRESETS.limits, widest=max(PRESET.widths))


def test_the_portrait_knows_its_place_and_its_renditions_do_not():
    data = (MEDIA / "portrait-gps.jpg").read_bytes()
    assert Image.open(io.BytesIO(data)).getexif().get_ifd(IFD.GPSInfo), "the sample lost its point"
    picture = read(data)
    made = list(make_renditions(picture, Transform(PRESET), TimeBudget(lambda: 60.0)))
    assert sorted(each.name for each in made) == sorted(
        f"{shape}.{extension}"
        for shape in ("384", "320", "thumb")
        for extension in ("avif", "webp", "jpg")
    )
    for each in made:
        assert isinstance(each.content, bytes)
        for trace in (
            b"Exif",
            b"EXIF",
            b"Pocket",
            b"2024:07:14",
            b"http://ns.adobe.com",
            b"ICC_PROF",
        ):
            assert trace not in each.content, (each.name, trace)
        rendition = Image.open(io.BytesIO(each.content))
        assert not rendition.getexif()
        assert not rendition.info.keys() & {"exif", "icc_profile", "xmp", "comment"}
        assert rendition.size == (each.width, each.height)


def test_profile_comment_and_xmp_stay_behind():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    source = jpeg(
        b"", icc_profile=profile, comment=b"a secret", xmp=b"<x:xmpmeta>a secret</x:xmpmeta>"
    )
    picture = read(source)
    for each in make_renditions(picture, Transform(PRESET), TimeBudget(lambda: 60.0)):
        assert isinstance(each.content, bytes)
        assert b"secret" not in each.content
        assert "icc_profile" not in Image.open(io.BytesIO(each.content)).info


def test_the_probe_of_the_portrait():
    probe = read((MEDIA / "portrait-gps.jpg").read_bytes()).probe
    assert (probe.width, probe.height, probe.orientation) == (384, 512, 6)
    assert (probe.format, probe.frames, probe.has_alpha) == ("jpeg", 1, False)
    assert probe.captured_at == "2024-07-14T21:30:05+02:00"
    assert probe.camera == "Pocket Phone 7"
    assert probe.color_space == "sRGB IEC61966-2.1"


@pytest.mark.parametrize(
    ("moment", "zone", "expected"),
    [
        ("2020:02:29 12:00:00", None, "2020-02-29T12:00:00"),
        ("2020:02:29 12:00:00", "later", "2020-02-29T12:00:00"),
        ("2021:02:29 12:00:00", "+01:00", None),
        ("0000:00:00 00:00:00", None, None),
        ("<script>", None, None),
        (7, None, None),
    ],
)
def test_a_time_is_a_time_or_nothing(moment: object, zone: str | None, expected: str | None):
    exif = Image.Exif()
    exif.get_ifd(IFD.Exif)[Base.DateTimeOriginal] = moment
    if zone:
        exif.get_ifd(IFD.Exif)[Base.OffsetTimeOriginal] = zone
    assert read(jpeg(exif)).probe.captured_at == expected


@pytest.mark.parametrize(
    ("make", "model", "expected"),
    [
        ("Canon", "Canon EOS R5", "Canon EOS R5"),
        ("Apple", "iPhone 15", "Apple iPhone 15"),
        (" \0", " ", None),
        ("A" * 500, "", "A" * 200),
        ("Bad\x07\x1b[31m", "One", "Bad[31m One"),
    ],
)
def test_a_camera_is_printable_and_short(make: str, model: str, expected: str | None):
    exif = Image.Exif()
    exif[Base.Make], exif[Base.Model] = make, model
    assert read(jpeg(exif)).probe.camera == expected


def test_broken_exif_costs_the_facts_and_not_the_picture():
    exif = Image.Exif()
    exif[Base.Make] = "Maker"
    whole = exif.tobytes()
    for damaged in (b"Exif\0\0rubbish", whole[:16], whole[:-3], b"Exif\0\0MM\0*\xff\xff\xff\xff"):
        picture = read(jpeg(damaged))
        assert picture.image.size == (32, 24)


def test_frames_are_counted_and_the_first_one_is_taken():
    frames = [Image.new("RGB", (20, 20), color) for color in ("red", "lime", "blue")]
    for container in ("gif", "webp", "png", "tiff", "avif"):
        file = io.BytesIO()
        frames[0].save(file, container, save_all=True, append_images=frames[1:])
        picture = read(file.getvalue(), container)
        assert picture.probe.frames == 3, container
        red, green, blue = picture.image.convert("RGB").crop((10, 10, 11, 11)).tobytes()
        assert red > 200, container
        assert max(green, blue) < 60, container


def test_a_damaged_later_frame_does_not_cost_the_first():
    frames = [Image.new("L", (64, 64), value) for value in (10, 200)]
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    picture = read(file.getvalue()[:-20], "gif")
    assert picture.image.size == (64, 64)
