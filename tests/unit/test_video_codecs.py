import pytest

from lib.domain.codecs import VIDEO_CODECS
from lib.video.encode.codecs import ENCODERS
from lib.video.isobmff import box
from lib.video.package.rfc6381 import CONFIGURATIONS, codec_of

ES = bytes(4) + bytes.fromhex("03 80808022 0001 00 04 80808014 40150000000001f4000001f400")


def stsd(kind: bytes, config: bytes, content: str | bytes, fields: int = 78) -> bytes:
    content = bytes.fromhex(content) if isinstance(content, str) else content
    return bytes(8) + box(kind, bytes(fields), box(config, content))


@pytest.mark.parametrize(
    ("entry", "name"),
    [
        (stsd(b"avc1", b"avcC", "01 64001f ffe1"), "avc1.64001f"),
        (stsd(b"avc1", b"avcC", "01 42c00d ffe1"), "avc1.42c00d"),
        (stsd(b"hvc1", b"hvcC", "01 01 60000000 900000000000 5d"), "hvc1.1.6.L93.90"),
        (stsd(b"hvc1", b"hvcC", "01 22 20000000 b00000000008 99"), "hvc1.2.4.H153.B0.0.0.0.0.8"),
        (stsd(b"hvc1", b"hvcC", "01 41 60000000 000000000000 5d"), "hvc1.A1.6.L93"),
        (stsd(b"av01", b"av1C", "81 08 0c 00"), "av01.0.08M.08"),
        (stsd(b"av01", b"av1C", "81 2d c0 00"), "av01.1.13H.10"),
        (stsd(b"mp4a", b"esds", ES + bytes.fromhex("05 80808002 1190"), 28), "mp4a.40.2"),
        (stsd(b"mp4a", b"esds", ES + bytes.fromhex("05 02 2b11"), 28), "mp4a.40.5"),
    ],
)
def test_a_codec_is_named_as_players_ask_for_it(entry, name):
    assert codec_of(entry) == name


@pytest.mark.parametrize(
    "entry",
    [
        stsd(b"avc3", b"avcC", "01 64001f ffe1"),
        stsd(b"avc1", b"hvcC", "01"),
        stsd(b"mp4a", b"esds", ES, 28),
        stsd(b"mp4a", b"esds", bytes(4) + b"\x03\x80\x80", 28),
        bytes(8),
        bytes(8) + 2 * box(b"avc1", bytes(78)),
    ],
)
def test_what_is_not_made_here_is_not_named(entry):
    with pytest.raises(ValueError):
        codec_of(entry)


@pytest.mark.parametrize("codec", VIDEO_CODECS.values(), ids=list(VIDEO_CODECS))
def test_a_codec_has_all_that_its_record_refers_to(codec):
    """What encodes it, and what names it in a playlist; no preset may name another."""
    assert ENCODERS[codec.name]("veryfast", 2)["c:v"].startswith("lib")
    assert codec.sample_entry in CONFIGURATIONS
    assert len(ENCODERS) == len(CONFIGURATIONS) == len(VIDEO_CODECS)
