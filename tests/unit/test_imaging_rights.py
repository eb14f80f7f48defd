"""A copyright that is in XMP or in IPTC alone, as sources of every container carry it."""

from __future__ import annotations

import struct
from dataclasses import replace

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from lib import presets
from lib.imaging.load import read_picture
from lib.imaging.render import make_renditions
from lib.imaging.time_budget import TimeBudget
from lib.imaging.transform import Transform
from tests.support.images import LIMITS, psd, save

IMAGE = Image.new("RGB", (32, 24), "teal")
PRESET = presets.load(presets.PACKAGED).named(None).image


def xmp(*said: tuple[str, str], before: str = "") -> bytes:
    items = "".join(f'<rdf:li xml:lang="{language}">{text}</rdf:li>' for language, text in said)
    return (
        f'{before}<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description>'
        f"<dc:creator><rdf:Seq><rdf:li>Somebody else</rdf:li></rdf:Seq></dc:creator>"
        f"<dc:rights>\n<rdf:Alt>{items}</rdf:Alt>\n</dc:rights>"
        f"</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


def iptc(text: bytes, *, record: int = 2, number: int = 116) -> bytes:
    title = b"\x1c\x02\x05" + struct.pack(">H", 5) + b"Title"
    return title + struct.pack(">BBBH", 0x1C, record, number, len(text)) + text


def resource(number: int, content: bytes) -> bytes:
    padded = content + bytes(len(content) % 2)
    return b"8BIM" + struct.pack(">HHI", number, 0, len(content)) + padded


def jpeg(marker: int, content: bytes, exif: bytes = b"") -> bytes:
    plain = save(IMAGE, "jpeg", exif=exif)
    segment = struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content
    return plain[:2] + segment + plain[2:]


def jpeg_iptc(content: bytes, exif: bytes = b"") -> bytes:
    return jpeg(0xED, b"Photoshop 3.0\0" + resource(0x0404, content), exif)


def png(text: bytes) -> bytes:
    info = PngInfo()
    info.add_itxt("XML:com.adobe.xmp", text.decode())
    return save(IMAGE, "png", pnginfo=info)


def copyright_of(data: bytes, container: str = "jpeg") -> str | None:
    return read_picture(data, container, LIMITS).probe.copyright


ADA = xmp(("x-default", "© Ada"))


@pytest.mark.parametrize(
    ("container", "data"),
    [
        ("jpeg", save(IMAGE, "jpeg", xmp=ADA)),
        ("png", png(ADA)),
        ("webp", save(IMAGE, "webp", xmp=ADA)),
        ("avif", save(IMAGE, "avif", xmp=ADA)),
        ("heif", save(IMAGE, "heif", xmp=ADA)),
        ("tiff", save(IMAGE, "tiff", tiffinfo={700: ADA})),
        ("psd", psd(IMAGE, resources=resource(0x0424, ADA))),
    ],
)
def test_xmp_of_each_container(container, data):
    assert copyright_of(data, container) == "© Ada"


@pytest.mark.parametrize(
    ("container", "data"),
    [
        ("jpeg", jpeg_iptc(iptc("© Ada".encode()))),
        ("jpeg", jpeg_iptc(iptc("© Ada".encode("latin-1")))),
        ("tiff", save(IMAGE, "tiff", tiffinfo={33_723: iptc("© Ada".encode())})),
        ("psd", psd(IMAGE, resources=resource(0x0404, iptc("© Ada".encode())))),
    ],
    ids=["jpeg", "jpeg-latin-1", "tiff", "psd"],
)
def test_iptc_of_each_container(container, data):
    assert copyright_of(data, container) == "© Ada"


@pytest.mark.parametrize("content", [b"", b"A", b"AB", b"ABC"])
@pytest.mark.parametrize("name", [b"", b"A", b"AB", b"ABC"])
def test_what_stands_before_a_notice_is_padded_to_whole_words(name, content):
    pascal = bytes([len(name)]) + name + bytes((len(name) + 1) % 2)
    before = b"8BIM" + struct.pack(">H", 2999) + pascal + struct.pack(">I", len(content))
    before += content + bytes(len(content) % 2)
    data = psd(IMAGE, resources=before + resource(0x0404, iptc("© Ada".encode())))
    assert copyright_of(data, "psd") == "© Ada"


def test_exif_comes_before_xmp_and_that_before_iptc():
    exif = Image.Exif()
    exif[0x8298] = "Exif"
    both = jpeg(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp(("x-default", "XMP")))
    segment = jpeg_iptc(iptc(b"IPTC"))
    photoshop = segment[2 : 4 + int.from_bytes(segment[4:6])]
    assert copyright_of(both[:2] + photoshop + both[2:]) == "XMP"
    assert copyright_of(jpeg_iptc(iptc(b"IPTC"), exif.tobytes())) == "Exif"


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ((("de", "© Ada, alle Rechte"), ("x-default", "© Ada, all rights")), "© Ada, all rights"),
        ((("fr", "© Ada"),), "© Ada"),
        ((("x-default", ""), ("fr", "© Ada")), "© Ada"),
        ((("x-default", "A &amp; B &lt;b@c&gt; &#169;"),), "A & B <b@c> ©"),
        ((("x-default", "A" * 500),), "A" * 200),
        ((("x-default", "A\x1b[31m\x07B"),), "A[31mB"),
        ((), None),
        ((("x-default", "A" * 9000),), None),
    ],
)
def test_the_language_for_all_is_taken_printable_and_bounded(said, found):
    assert copyright_of(save(IMAGE, "webp", xmp=xmp(*said)), "webp") == found


def test_an_entity_is_text_and_expands_to_nothing():
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    bomb = xmp(
        ("x-default", "&l9; &file;"),
        before=f'<!DOCTYPE x [<!ENTITY l0 "ha">{laughs}<!ENTITY file SYSTEM "file:///etc/passwd">]>',
    )
    assert copyright_of(save(IMAGE, "webp", xmp=bomb), "webp") == "&l9; &file;"


@pytest.mark.parametrize(
    "damaged",
    [
        b"<dc:rights>",
        b"</dc:rights><dc:rights",
        b"<dc:rights><rdf:li" * 1000,
        b"<dc:rights>" + b"<rdf:li>" * 900 + b"</dc:rights>",
        b"\xff\xfe<\0d\0c\0",
        b"\0" * 100,
    ],
)
def test_broken_xmp_is_no_copyright_and_no_failure(damaged):
    assert copyright_of(save(IMAGE, "webp", xmp=damaged), "webp") is None


@pytest.mark.parametrize(
    "damaged",
    [
        b"\x1c",
        b"\x1c\x02\x74\xff\xff" + b"A" * 20,
        b"\x1c\x02\x05\x40\x00A",
        b"nothing of the kind",
        iptc(b"Ada", record=1),
        iptc(b"Ada", number=115),
        iptc(b""),
    ],
)
def test_broken_iptc_is_no_copyright_and_no_failure(damaged):
    assert copyright_of(jpeg_iptc(damaged)) is None


def test_it_is_in_a_rendition_only_if_asked_and_then_alone():
    picture = read_picture(save(IMAGE, "webp", xmp=ADA), "webp", LIMITS)
    for keep in (False, True):
        preset = replace(PRESET, keep_copyright=keep)
        for made in make_renditions(picture, Transform(preset), TimeBudget(lambda: 60.0)):
            assert isinstance(made.content, bytes)
            assert ("© Ada".encode() in made.content) == keep, made.name
            assert b"Somebody" not in made.content
