"""Find the copyright that a source has beside its EXIF: in XMP, else in IPTC.

No XML is parsed: an entity or a DTD in it is text like any other, and expands to nothing.
XMP, part 1 (ISO 16684-1), `dc:rights`; IPTC-IIM 4.2, 2:116, as Photoshop and TIFF carry it.
"""

from __future__ import annotations

import re
import struct
from html import unescape
from typing import Any

from PIL import Image

from lib.imaging.decoders.psd_document import IPTC_RESOURCE, XMP_RESOURCE
from lib.imaging.printable import printable

XMP_KEYS = ("xmp", "XML:com.adobe.xmp")
XMP_BYTES = 1 << 20
"""What is looked through."""

RIGHTS = "<dc:rights", "</dc:rights>"
RIGHTS_LENGTH = 8192
"""Characters, of all languages together."""

IN_A_LANGUAGE = re.compile(r"<rdf:li([^<>]*)>([^<>]*)<")
ANY_LANGUAGE = "x-default"

IIM = 0x1C
NOTICE = (2, 116)
EXTENDED = 0x8000
"""A length whose own length follows: for pictures, not for words."""


def find_rights(image: Image.Image) -> str | None:
    """Return the notice of an opened source, printable and bounded; nothing is raised for any."""
    resources = _resources(image)
    xmp = next((image.info[key] for key in XMP_KEYS if image.info.get(key)), None)
    return _from_xmp(xmp or resources.get(XMP_RESOURCE)) or _from_iptc(resources.get(IPTC_RESOURCE))


def _resources(image: Image.Image) -> dict[int, Any]:
    """Return Photoshop's own: a JPEG has them in its info, a document as a list."""
    listed = getattr(image, "resources", None)
    if isinstance(listed, list):
        return {number: content for number, _name, content in listed}
    found = image.info.get("photoshop")
    return found if isinstance(found, dict) else {}


def _from_xmp(xmp: object) -> str | None:
    if isinstance(xmp, bytes):
        xmp = xmp[:XMP_BYTES].decode("utf-8", "replace")
    if not isinstance(xmp, str):
        return None
    start = xmp.find(RIGHTS[0], 0, XMP_BYTES)
    end = xmp.find(RIGHTS[1], start, start + RIGHTS_LENGTH)
    if start < 0 or end < 0:
        return None
    notices = [match.groups() for match in IN_A_LANGUAGE.finditer(xmp, start, end)]
    notices.sort(key=lambda each: ANY_LANGUAGE not in each[0])
    return next(filter(None, (printable(unescape(text)) for _, text in notices)), None)


def _from_iptc(iptc: object) -> str | None:
    """Walk over the data sets to the notice; a length that leads astray ends the walk."""
    if not isinstance(iptc, bytes):
        return None
    at = 0
    while at + 5 <= len(iptc):
        marker, record, number, length = struct.unpack_from(">BBBH", iptc, at)
        if marker != IIM or length & EXTENDED:
            return None
        if (record, number) == NOTICE:
            return printable(_decode(iptc[at + 5 : at + 5 + length])) or None
        at += 5 + length
    return None


def _decode(text: bytes) -> str:
    """Take for UTF-8 what is; what else it may be is declared seldom, and Latin-1 mostly."""
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return text.decode("latin-1")
