"""The bytes by which `lib.sniff` knows each format, and what it then says of a source.

Signatures are those of each format's own specification; boxes and brands are ISO/IEC 14496-12 and
the list at mp4ra.org.
"""

from __future__ import annotations

from dataclasses import replace

from lib.domain.media import MediaType, Sniffed


def supported(mime: str, container: str | None = None) -> Sniffed:
    """Say that a source is of a type; the container is called like the type, if not otherwise."""
    kind, _, name = mime.partition("/")
    return Sniffed(MediaType[kind.upper()], mime, container or name)


def unsupported(what: str, mime: str) -> Sniffed:
    """Say that nothing is made of a source, and what it is."""
    return Sniffed(MediaType.UNSUPPORTED, mime, "", f"{what}: not supported")


EMPTY = Sniffed(MediaType.UNSUPPORTED, "application/octet-stream", "", "the file is empty")
UNKNOWN = replace(EMPTY, reason="not a known image, video or audio file")
RAW = unsupported("RAW photo", "image/x-raw")
JPEG_2000 = supported("image/jp2", "jpeg2000")
JPEG_XL = unsupported("JPEG XL image", "image/jxl")
PLAYLIST = unsupported("playlist", "application/vnd.apple.mpegurl")
CURSOR = unsupported("cursor", "image/vnd.microsoft.icon")
TGA = unsupported("Truevision TGA image", "image/x-tga")
TEXT = unsupported("text", "text/plain")
TIFF = supported("image/tiff")
QUICKTIME = supported("video/quicktime", "mov")
MP4 = supported("video/mp4", "mov")
MP3 = supported("audio/mpeg", "mp3")
AAC = supported("audio/aac")
AC3 = supported("audio/ac3")
EAC3 = supported("audio/eac3")
DTS = supported("audio/vnd.dts", "dts")
APE = supported("audio/x-ape", "ape")
PROGRAM_STREAM = supported("video/mpeg", "mpeg")
TRANSPORT_STREAM = supported("video/mp2t", "mpegts")

SIGNATURES: tuple[tuple[Sniffed, tuple[bytes, ...]], ...] = (
    (supported("image/jpeg"), (b"\xff\xd8\xff",)),
    (supported("image/png"), (b"\x89PNG\r\n\x1a\n",)),
    (supported("image/gif"), (b"GIF87a", b"GIF89a")),
    (supported("video/x-flv", "flv"), (b"FLV\x01",)),
    (PROGRAM_STREAM, (b"\x00\x00\x01\xba",)),
    (supported("video/x-ms-asf", "asf"), (bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"),)),
    (supported("audio/flac", "flac"), (b"fLaC",)),
    (supported("audio/amr"), (b"#!AMR\n", b"#!AMR_MC1.0\n")),
    (supported("audio/amr-wb", "amr"), (b"#!AMR-WB\n", b"#!AMR-WB_MC1.0\n")),
    (supported("audio/x-caf", "caf"), (b"caff\0\1",)),
    (supported("audio/basic", "au"), (b".snd\0\0",)),
    (supported("audio/x-w64", "w64"), (bytes.fromhex("726966662e91cf11a5d628db04c10000"),)),
    (supported("audio/x-tta", "tta"), (b"TTA1",)),
    (supported("audio/x-wavpack", "wv"), (b"wvpk",)),
    (supported("audio/x-musepack", "mpc"), (b"MP+\x07", b"MP+\x17", b"MP+\x27")),
    (supported("audio/x-musepack", "mpc8"), (b"MPCK",)),
    (supported("audio/x-tak", "tak"), (b"tBaK",)),
    (supported("audio/x-dsf", "dsf"), (b"DSD \x1c\0\0\0",)),
    (
        DTS,
        tuple(map(bytes.fromhex, ("7ffe8001", "fe7f0180", "1fffe800", "ff1f00e8"))),
    ),
    (supported("image/vnd.adobe.photoshop", "psd"), (b"8BPS\0\1",)),
    (unsupported("large Photoshop document", "image/vnd.adobe.photoshop"), (b"8BPS\0\2",)),
    (JPEG_2000, (b"\xff\x4f\xff\x51",)),
    (JPEG_XL, (b"\x00\x00\x00\x0cJXL \r\n\x87\n", b"\xff\x0a")),
    (supported("image/vnd.microsoft.icon", "ico"), (b"\x00\x00\x01\x00",)),
    (unsupported("OpenEXR image", "image/x-exr"), (b"\x76\x2f\x31\x01",)),
    (unsupported("Radiance HDR image", "image/vnd.radiance"), (b"#?RADIANCE",)),
    (unsupported("DirectDraw texture", "image/vnd-ms.dds"), (b"DDS ",)),
    (RAW, (b"FUJIFILMCCD-RAW", b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"\0MRM", b"FOVb")),
    (unsupported("JPEG XR image", "image/jxr"), (b"II\xbc\x01",)),
    (unsupported("GIMP image", "image/x-xcf"), (b"gimp xcf",)),
    (unsupported("Apple icon", "image/x-icns"), (b"icns",)),
    (unsupported("QOI image", "image/qoi"), (b"qoif",)),
    (unsupported("Windows metafile", "image/wmf"), (b"\xd7\xcd\xc6\x9a",)),
    (unsupported("PDF document", "application/pdf"), (b"%PDF-",)),
    (unsupported("PostScript document", "application/postscript"), (b"%!PS",)),
    (unsupported("ZIP archive", "application/zip"), (b"PK\x03\x04", b"PK\x05\x06")),
    (unsupported("gzip archive", "application/gzip"), (b"\x1f\x8b",)),
    (unsupported("7-Zip archive", "application/x-7z-compressed"), (b"7z\xbc\xaf\x27\x1c",)),
    (unsupported("RAR archive", "application/vnd.rar"), (b"Rar!\x1a\x07",)),
    (unsupported("Direct Stream Digital (DSDIFF) audio", "audio/x-dff"), (b"FRM8",)),
    (unsupported("OptimFROG audio", "audio/x-ofr"), (b"OFR ",)),
    (unsupported("Shorten audio", "audio/x-shorten"), (b"ajkg",)),
    (unsupported("Creative voice file", "audio/x-voc"), (b"Creative Voice File",)),
    (unsupported("DTS-HD audio", "audio/vnd.dts.hd"), (b"DTSHDHDR",)),
    (unsupported("AAC with one header for all (ADIF)", "audio/aac"), (b"ADIF",)),
    (unsupported("MIDI music", "audio/midi"), (b"MThd",)),
    (unsupported("MXF video", "application/mxf"), (bytes.fromhex("060e2b34020501010d010201"),)),
    (unsupported("RealMedia", "application/vnd.rn-realmedia"), (b".RMF", b".ra\xfd")),
    (unsupported("DV video", "video/x-dv"), (b"\x1f\x07\0",)),
    (unsupported("IVF video", "video/x-ivf"), (b"DKIF",)),
    (unsupported("YUV4MPEG video", "video/x-yuv4mpeg"), (b"YUV4MPEG2",)),
    (unsupported("NUT video", "video/x-nut"), (b"nut/multimedia container",)),
    (unsupported("Bink video", "video/x-bink"), (b"BIKb", b"BIKf", b"BIKi", b"KB2")),
    (
        unsupported("Windows recorded television (WTV)", "video/x-ms-wtv"),
        (bytes.fromhex("b7d800203749da11a64e0007e95ead8d"),),
    ),
    (
        unsupported("MPEG video without a container", "video/mpv"),
        (b"\0\0\1\xb3", b"\0\0\1\xb0"),
    ),
    (
        unsupported("H.264 video without a container", "video/h264"),
        tuple(
            start + byte
            for start in (b"\0\0\1", b"\0\0\0\1")
            for byte in (b"\x67", b"\x27", b"\x47", b"\x09\x10", b"\x09\x30", b"\x09\xf0")
        ),
    ),
    (
        unsupported("H.265 video without a container", "video/h265"),
        (b"\0\0\0\1\x40\1", b"\0\0\1\x40\1", b"\0\0\0\1\x46\1", b"\0\0\1\x46\1"),
    ),
    (PLAYLIST, (b"#EXTM3U", b"ffconcat version", b"[playlist]")),
)
"""What a source of each format begins with."""

RIFF: dict[bytes, Sniffed] = {
    b"WEBP": supported("image/webp"),
    b"AVI ": supported("video/x-msvideo", "avi"),
    b"WAVE": supported("audio/wav", "wav"),
}
IFF: dict[bytes, dict[bytes, Sniffed]] = {
    b"RIFF": RIFF,
    b"RF64": RIFF,
    b"BW64": RIFF,
    b"RIFX": {b"WAVE": unsupported("WAV of big-endian samples", "audio/wav")},
    b"FORM": dict.fromkeys((b"AIFF", b"AIFC"), supported("audio/aiff", "aiff")),
}
"""What a file of chunks says it is: in its first four bytes, and after its length."""

READ_WITH_TAGS = frozenset(("aac", "flac", "mp3", "tta"))
"""Containers whose readers know the tags that audio may have first."""

MATROSKA: dict[bytes, Sniffed] = {
    b"webm": supported("video/webm", "matroska"),
    b"matroska": supported("video/x-matroska", "matroska"),
}

BRANDS: dict[bytes, Sniffed] = {
    **dict.fromkeys((b"avif", b"avis"), supported("image/avif")),
    **dict.fromkeys(
        (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"),
        supported("image/heic", "heif"),
    ),
    b"crx ": RAW,
    **dict.fromkeys((b"aax ", b"aaxc"), unsupported("Audible audiobook", "audio/vnd.audible.aax")),
    b"jxl ": JPEG_XL,
    **dict.fromkeys((b"M4A ", b"M4B ", b"M4P "), supported("audio/mp4", "mov")),
    b"qt  ": QUICKTIME,
}
JPEG_2000_BOX = b"\x00\x00\x00\x0cjP  \r\n\x87\n"
JPEG_2000_BRANDS: dict[bytes, Sniffed] = {
    b"mjp2": unsupported("Motion JPEG 2000", "video/mj2"),
    b"mj2s": unsupported("Motion JPEG 2000", "video/mj2"),
    b"jpm ": unsupported("JPEG 2000 document", "image/jpm"),
}
"""Other brands in the same box are images."""

STRUCTURAL_BRANDS = frozenset((b"mif1", b"mif2", b"msf1", b"miaf"))
"""They say "a still image in boxes"; which codec is among the compatible brands."""

FRAGMENT_BOXES = frozenset((b"styp", b"sidx", b"moof", b"emsg", b"prft"))
"""What a segment of a stream begins with, whose tracks another file describes."""

QUICKTIME_BOXES = frozenset((b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"))
"""What QuickTime files written before the `ftyp` box existed begin with."""

MARKUP: tuple[tuple[bytes, Sniffed], ...] = (
    (b"<!doctype html", unsupported("HTML page", "text/html")),
    (b"<html", unsupported("HTML page", "text/html")),
    (b"<svg", unsupported("SVG drawing", "image/svg+xml")),
    (b"<mpd", unsupported("playlist", "application/dash+xml")),
    (b"<", unsupported("XML", "application/xml")),
)
"""In this order: a page may contain a drawing."""
