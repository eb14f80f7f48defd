"""What a source is follows from its bytes: never from its name, and always with an answer."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain.media import MediaType
from lib.sniff import HEAD_BYTES, sniff

MEDIA = Path(__file__).parents[1] / "media"


def ftyp(major: bytes, *compatible: bytes) -> bytes:
    body = b"ftyp" + major + b"\0\0\0\0" + b"".join(compatible)
    return struct.pack(">I", 4 + len(body)) + body + b"\0\0\0\x08mdat"


def jpeg_2000(brand: bytes) -> bytes:
    return b"\0\0\0\x0cjP  \r\n\x87\n" + ftyp(brand)


def tiff(order: str, *entries: tuple[int, int]) -> bytes:
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    directory = b"".join(struct.pack(order + "HHII", tag, 4, 1, value) for tag, value in entries)
    return head + struct.pack(order + "H", len(entries)) + directory + b"\0\0\0\0"


def ebml(doctype: bytes) -> bytes:
    return b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82" + bytes([0x80 + len(doctype)]) + doctype


MP3_FRAME = b"\xff\xfb\x90\x00" + bytes(413)  # MPEG-1 layer III, 128 kbit/s, 44.1 kHz: 417 bytes
ADTS_FRAME = b"\xff\xf1\x50\x80\x0c\x9f\xfc" + bytes(93)  # 100 bytes
TS_PACKET = b"\x47\x40\0\x10" + bytes(184)

MPEG_AUDIO = ((0xFD, 417), (0xF3, 208), (0xF5, 417), (0xE3, 417))
"""Second byte of a header, bytes of its frame at the highest of three rates: MPEG-1 layer II with
128 kbit/s, then MPEG-2 layers III and II, MPEG-2.5 layer III with 64 (ISO/IEC 11172-3, 13818-3)."""


def mpeg_audio(second: int, length: int) -> bytes:
    return bytes((0xFF, second, 0x80, 0)) + bytes(length - 4)


KNOWN = [
    (b"\xff\xd8\xff\xe0\x00\x10JFIF", "image/jpeg", "jpeg"),
    (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png", "png"),
    (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp", "webp"),
    (b"GIF87a\x01\0\x01\0", "image/gif", "gif"),
    (b"GIF89a\x01\0\x01\0", "image/gif", "gif"),
    (tiff("<", (256, 10)), "image/tiff", "tiff"),
    (tiff(">", (256, 10)), "image/tiff", "tiff"),
    (b"II+\0\x08\0\0\0" + bytes(8), "image/tiff", "tiff"),
    (b"BM" + bytes(12) + struct.pack("<I", 40) + bytes(36), "image/bmp", "bmp"),
    (b"8BPS\0\x01", "image/vnd.adobe.photoshop", "psd"),
    (jpeg_2000(b"jp2 "), "image/jp2", "jpeg2000"),
    (jpeg_2000(b"jpx "), "image/jp2", "jpeg2000"),
    (b"\xff\x4f\xff\x51\0\x2f", "image/jp2", "jpeg2000"),
    (b"\0\0\x01\0\x01\0", "image/vnd.microsoft.icon", "ico"),
    (ftyp(b"avif", b"mif1"), "image/avif", "avif"),
    (ftyp(b"avis", b"msf1"), "image/avif", "avif"),
    (ftyp(b"mif1", b"miaf", b"avif"), "image/avif", "avif"),
    (ftyp(b"heic", b"mif1"), "image/heic", "heif"),
    (ftyp(b"heix", b"mif1"), "image/heic", "heif"),
    (ftyp(b"mif1", b"heic"), "image/heic", "heif"),
    (ftyp(b"msf1", b"hevc"), "image/heic", "heif"),
    *(
        (ftyp(b"mif1", brand), "image/heic", "heif")
        for brand in (b"heim", b"heis", b"hevx", b"hevm", b"hevs")
    ),
    (ftyp(b"mif2", b"avif"), "image/avif", "avif"),
    (ftyp(b"miaf", b"avif"), "image/avif", "avif"),
    (ftyp(b"mif1", b"unci"), "image/heif", "heif"),
    (ftyp(b"isom", b"mp41"), "video/mp4", "mov"),
    (ftyp(b"M4V ", b"mp42"), "video/mp4", "mov"),
    (ftyp(b"qt  "), "video/quicktime", "mov"),
    (ftyp(b"3gp5"), "video/3gpp", "mov"),
    *(
        (b"\0\0\0\x18" + box + bytes(20), "video/mp4", "mov")
        for box in (b"styp", b"sidx", b"moof", b"emsg", b"prft")
    ),
    (b"\0\0\x12\x34moov\0\0\0\x6cmvhd", "video/quicktime", "mov"),
    (b"\0\0\0\x08wide\x02\x34\x12\0mdat", "video/quicktime", "mov"),
    *(
        (b"\0\0\x12\x34" + box + bytes(8), "video/quicktime", "mov")
        for box in (b"mdat", b"free", b"skip", b"pnot")
    ),
    (ebml(b"matroska"), "video/x-matroska", "matroska"),
    (ebml(b"webm"), "video/webm", "matroska"),
    (b"RIFF\x10\0\0\0AVI LIST", "video/x-msvideo", "avi"),
    (TS_PACKET * 3, "video/mp2t", "mpegts"),
    ((bytes(4) + TS_PACKET) * 3, "video/mp2t", "mpegts"),
    (b"FLV\x01\x05", "video/x-flv", "flv"),
    (bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"), "video/x-ms-asf", "asf"),
    (b"\x00\x00\x01\xba\x44", "video/mpeg", "mpeg"),
    (b"OggS" + bytes(24) + b"\x80theora", "video/ogg", "ogg"),
    (b"OggS" + bytes(24) + b"OpusHead", "audio/ogg", "ogg"),
    (ftyp(b"M4A ", b"mp42"), "audio/mp4", "mov"),
    (ftyp(b"M4B "), "audio/mp4", "mov"),
    (ftyp(b"M4P "), "audio/mp4", "mov"),
    (MP3_FRAME * 2, "audio/mpeg", "mp3"),
    *((mpeg_audio(*frame) * 2, "audio/mpeg", "mp3") for frame in MPEG_AUDIO),
    (b"ID3\x04\0\0\0\0\x00\x02ab" + MP3_FRAME * 2, "audio/mpeg", "mp3"),
    (b"ID3\x04\0\0\0\x7f\x7f\x7f" + bytes(100), "audio/mpeg", "mp3"),
    (ADTS_FRAME * 2, "audio/aac", "aac"),
    (b"ID3\x04\0\0\0\0\x00\x02ab" + ADTS_FRAME * 2, "audio/aac", "aac"),
    (b"RIFF\x10\0\0\0WAVEfmt ", "audio/wav", "wav"),
    (b"RF64\xff\xff\xff\xffWAVEds64", "audio/wav", "wav"),
    (b"BW64\xff\xff\xff\xffWAVEds64", "audio/wav", "wav"),
    (b"#!AMR\n\x3c", "audio/amr", "amr"),
    (b"#!AMR-WB\n\x14", "audio/amr-wb", "amr"),
    (b"caff\0\1\0\0desc", "audio/x-caf", "caf"),
    (b".snd\0\0\0\x1c", "audio/basic", "au"),
    (bytes.fromhex("726966662e91cf11a5d628db04c10000") + bytes(8), "audio/x-w64", "w64"),
    (b"TTA1\1\0\2\0", "audio/x-tta", "tta"),
    (b"wvpk\0\1\0\0", "audio/x-wavpack", "wv"),
    (b"MAC \x96\x0f\0\0", "audio/x-ape", "ape"),
    (b"MP+\x07", "audio/x-musepack", "mpc"),
    (b"MPCKSH", "audio/x-musepack", "mpc8"),
    (b"tBaK\1", "audio/x-tak", "tak"),
    (b"DSD \x1c\0\0\0\0\0\0\0", "audio/x-dsf", "dsf"),
    (b"\x7f\xfe\x80\x01\xfc", "audio/vnd.dts", "dts"),
    (b"fLaC\0\0\0\x22", "audio/flac", "flac"),
    (b"FORM\0\0\x10\0AIFFCOMM", "audio/aiff", "aiff"),
    (b"FORM\0\0\x10\0AIFCFVER", "audio/aiff", "aiff"),
]


@pytest.mark.parametrize(("head", "mime", "container"), KNOWN)
def test_known_bytes_name_their_type_and_their_demuxer(head: bytes, mime: str, container: str):
    sniffed = sniff(head)
    assert (sniffed.mime, sniffed.container, sniffed.reason) == (mime, container, None)
    assert sniffed.media_type == mime.split("/")[0]


REFUSED = [
    (b"", "the file is empty"),
    (b"\x00\x01\x02\x03 nothing known", "not a known image, video or audio file"),
    (b"Dear all,\nthe photos are late.\n", "text: not supported"),
    ("déjà vu é".encode()[:-1], "text: not supported"),
    (b"\xff\xfeh\0i\0", "text: not supported"),
    (b"Get free stuff", "text: not supported"),
    (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG drawing"),
    (b"\xef\xbb\xbf  <SVG width='1'/>", "SVG drawing"),
    (b"<!DOCTYPE html><svg/>", "HTML page"),
    (b"<HTML><svg/></html>", "HTML page"),
    (b"<?xml version='1.0'?><note/>", "XML"),
    (b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd", "playlist"),
    (b"\n#EXTM3U\n", "playlist"),
    (b"#EXTM3U\n\0\1", "playlist"),
    (b"[playlist]\nFile1=/etc/passwd", "playlist"),
    (b"<?xml version='1.0'?><MPD></MPD>", "playlist"),
    (b"ffconcat version 1.0\nfile /etc/passwd", "playlist"),
    (b"%PDF-1.7\n", "PDF document"),
    (b"%!PS-Adobe-3.0\n", "PostScript document"),
    (b"PK\x03\x04\x14\0", "ZIP archive"),
    (b"PK\x05\x06" + bytes(18), "ZIP archive"),
    (b"7z\xbc\xaf\x27\x1c\0\4", "7-Zip archive"),
    (b"Rar!\x1a\x07\1\0", "RAR archive"),
    (b"\x1f\x8b\x08", "gzip archive"),
    (b"8BPS\0\x02", "large Photoshop document"),
    (jpeg_2000(b"mjp2"), "Motion JPEG 2000"),
    (jpeg_2000(b"mj2s"), "Motion JPEG 2000"),
    (jpeg_2000(b"jpm "), "JPEG 2000 document"),
    (b"\0\0\x02\0\x01\0", "cursor"),
    (b"II\xbc\x01\x20\0\0\0", "JPEG XR image"),
    (b"gimp xcf v011", "GIMP image"),
    (b"\xff\x0a\x00", "JPEG XL image"),
    (b"\0\0\0\x0cJXL \r\n\x87\n\0\0\0\x14ftypjxl ", "JPEG XL image"),
    (ftyp(b"jxl "), "JPEG XL image"),
    (b"\x76\x2f\x31\x01\2\0\0\0", "OpenEXR image"),
    (b"#?RADIANCE\n", "Radiance HDR image"),
    (b"DDS \x7c\0\0\0", "DirectDraw texture"),
    (b"icns\0\0\1\0", "Apple icon"),
    (b"qoif\0\0\0\1", "QOI image"),
    (b"\xd7\xcd\xc6\x9a\0\0", "Windows metafile"),
    *((start + bytes(8), "RAW photo") for start in (b"IIRO", b"IIRS", b"MMOR", b"IIU", b"FOVb")),
    (tiff("<", (256, 10))[:8] + b"CR\x02\0", "RAW photo"),
    (tiff("<", (0xFE, 1), (0x14A, 200)), "RAW photo"),
    (tiff(">", (0xC612, 0x01040000)), "RAW photo"),
    (tiff("<", (0xFE, 0), (0x106, 32803)), "RAW photo"),
    (tiff(">", (0xFE, 0), (0x106, 34892)), "RAW photo"),
    (tiff("<", (0x103, 65535), (0x10F, 8)), "RAW photo"),
    (b"\0MRM\0\x01", "RAW photo"),
    (ftyp(b"crx ", b"isom"), "RAW photo"),
    (b"FUJIFILMCCD-RAW 0201", "RAW photo"),
    (b"RIFX\0\0\0\x10WAVEfmt ", "WAV of big-endian samples"),
    (b"FRM8\0\0\0\0", "Direct Stream Digital"),
    (b"OFR \x0c", "OptimFROG audio"),
    (b"ajkg\2", "Shorten audio"),
    (b"Creative Voice File\x1a", "Creative voice file"),
    (b"DTSHDHDR\0", "DTS-HD audio"),
    (b"ADIF\0", "AAC with one header"),
    (b"MThd\0\0\0\6", "MIDI music"),
    (bytes.fromhex("060e2b34020501010d01020101020400"), "MXF video"),
    (b".RMF\0\0", "RealMedia"),
    (b".ra\xfd\0", "RealMedia"),
    (b"\x1f\x07\0\x3f", "DV video"),
    (b"DKIF\0\0", "IVF video"),
    (b"YUV4MPEG2 W3", "YUV4MPEG video"),
    (b"nut/multimedia container\0", "NUT video"),
    (b"BIKi\0", "Bink video"),
    (bytes.fromhex("b7d800203749da11a64e0007e95ead8d"), "Windows recorded television"),
    (b"\0\0\1\xb3\x14\0", "MPEG video without a container"),
    (b"\0\0\0\1\x67\x42\0\x1e", "H.264 video without a container"),
    (b"\0\0\0\1\x09\x10", "H.264 video without a container"),
    (b"\0\0\0\1\x40\1\x0c", "H.265 video without a container"),
    (ftyp(b"aax "), "Audible audiobook"),
    (b"MAC addresses", "text: not supported"),
    (ebml(b"other"), "not a known"),
    (MP3_FRAME, "not a known"),  # one frame sync alone is found in any noise
    (TS_PACKET * 2, "not a known"),
]


@pytest.mark.parametrize(("head", "reason"), REFUSED)
def test_everything_else_is_refused_in_plain_words(head: bytes, reason: str):
    sniffed = sniff(head)
    assert sniffed.media_type is MediaType.UNSUPPORTED
    assert sniffed.reason is not None
    assert sniffed.reason.startswith(reason)
    assert sniffed.container == ""


@pytest.mark.parametrize(
    ("name", "mime"),
    [
        ("really-a-jpeg.txt", "image/jpeg"),
        ("not-a-photo.jpg", "text/plain"),
        ("truncated.jpg", "image/jpeg"),
        ("coffee.heic", "image/heic"),
        ("rocket-alpha.png", "image/png"),
    ],
)
def test_a_name_has_no_say(name: str, mime: str):
    assert sniff((MEDIA / name).read_bytes()[:HEAD_BYTES]).mime == mime


@given(
    st.one_of(
        st.binary(max_size=600),
        st.builds(
            lambda head, tail: head + tail, st.sampled_from([k[0] for k in KNOWN]), st.binary()
        ),
        st.builds(
            lambda head, end: head[:end], st.sampled_from([k[0] for k in KNOWN]), st.integers(0, 40)
        ),
    )
)
def test_any_bytes_get_an_answer(head: bytes):
    sniffed = sniff(head)
    assert (sniffed.media_type is MediaType.UNSUPPORTED) == (sniffed.reason is not None)
    assert (sniffed.media_type is MediaType.UNSUPPORTED) == (sniffed.container == "")
