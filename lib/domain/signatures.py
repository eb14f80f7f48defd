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
TEXT = unsupported("text", "text/plain")
TIFF = supported("image/tiff")
QUICKTIME = supported("video/quicktime", "mov")
MP3 = supported("audio/mpeg", "mp3")

SIGNATURES: tuple[tuple[Sniffed, tuple[bytes, ...]], ...] = (
    (supported("image/jpeg"), (b"\xff\xd8\xff",)),
    (supported("image/png"), (b"\x89PNG\r\n\x1a\n",)),
    (supported("image/gif"), (b"GIF87a", b"GIF89a")),
    (supported("video/x-flv", "flv"), (b"FLV\x01",)),
    (supported("video/mpeg", "mpeg"), (b"\x00\x00\x01\xba",)),
    (supported("video/x-ms-asf", "asf"), (bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"),)),
    (supported("audio/flac", "flac"), (b"fLaC",)),
    (supported("image/vnd.adobe.photoshop", "psd"), (b"8BPS\0\1",)),
    (unsupported("large Photoshop document", "image/vnd.adobe.photoshop"), (b"8BPS\0\2",)),
    (JPEG_2000, (b"\xff\x4f\xff\x51",)),
    (JPEG_XL, (b"\x00\x00\x00\x0cJXL \r\n\x87\n", b"\xff\x0a")),
    (supported("image/vnd.microsoft.icon", "ico"), (b"\x00\x00\x01\x00",)),
    (unsupported("cursor", "image/vnd.microsoft.icon"), (b"\x00\x00\x02\x00",)),
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
    b"FORM": dict.fromkeys((b"AIFF", b"AIFC"), supported("audio/aiff", "aiff")),
}
"""What a file of chunks says it is: in its first four bytes, and after its length."""

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
