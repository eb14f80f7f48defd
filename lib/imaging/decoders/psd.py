"""Open the flattened picture of a Photoshop document (Adobe Photoshop File Formats, 2019)."""

from __future__ import annotations

import struct
from io import BytesIO

from PIL.PsdImagePlugin import PsdImageFile

from lib.domain.errors import ErrorCode, PermanentError
from lib.imaging.pillow import PSD_MODES, has_readable_pixels

VERSION_INFO = 1057
"""The resource whose fifth byte tells whether the document was saved with a flattened picture."""

SIGNATURE, MULTICHANNEL = b"8BPS", 7


def open_flattened(file: BytesIO) -> PsdImageFile:
    """Return the flattened picture, its pixels not decoded yet.

    Raises PermanentError(UNSUPPORTED_MEDIA) where there is none, or none that can be read.
    """
    head = file.getbuffer()[:26]
    depth, model = struct.unpack_from(">HH", head, 22)
    if bytes(head[:4]) == SIGNATURE and ((model, depth) not in PSD_MODES or model == MULTICHANNEL):
        raise _unsupported(f"of {depth} bits a channel in colour mode {model}")
    file.seek(0)
    image = PsdImageFile(file)
    for number, _name, content in image.resources:
        if number == VERSION_INFO and content[4:5] == b"\0":
            raise _unsupported("without a flattened picture (“Maximize compatibility” was off)")
    if not has_readable_pixels(image):
        raise _unsupported("with ZIP-compressed pixels")
    return image


def _unsupported(what: str) -> PermanentError:
    return PermanentError(ErrorCode.UNSUPPORTED_MEDIA, f"Photoshop document {what}: not supported")
