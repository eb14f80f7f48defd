"""Read the sections of a Photoshop document (Adobe Photoshop File Formats, 2019)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from lib.domain.errors import ErrorCode, PermanentError
from lib.imaging.bounds.chunks import read_resources
from lib.imaging.bounds.parts import limit_parts
from lib.imaging.color.linear import with_square
from lib.imaging.decoders.samples import Samples

SIGNATURE, HEAD_BYTES = b"8BPS", 26
BITMAP, GREY, INDEXED, RGB, CMYK, DUOTONE, LAB = 0, 1, 2, 3, 4, 8, 9
CHANNELS = {BITMAP: 1, GREY: 1, INDEXED: 1, RGB: 3, CMYK: 4, DUOTONE: 1, LAB: 3}
"""Colour mode → channels of its colours. Duotones are shown as grey, as the specification advises
those who don't know their inks."""

LIGHT = (GREY, RGB)
"""Colour modes whose samples may be light."""

MOST_SIDE = 30_000
"""Px of a document; only large ones (PSB) may have more."""

DEPTHS = (1, 8, 16, 32)
IPTC_RESOURCE, XMP_RESOURCE, EXIF_RESOURCE, ICC_RESOURCE = 1028, 1060, 1058, 1039
VERSION_INFO, TRANSPARENT_INDEX = 1057, 1047
"""Resources: what has a fifth byte that denies a flattened picture; which entry of the palette is
transparent."""

TAGGED = (b"8BIM", b"8B64")
DEEP_LAYERS = (b"Lr16", b"Lr32")
MERGED_TRANSPARENCY = (b"Mtrn", b"Mt16", b"Mt32")
"""Blocks behind the layers: those of deep documents, and that the flattened picture is clear
somewhere."""


def unsupported(what: str) -> PermanentError:
    """Return the error for a document that is right, and of a kind that is not read."""
    return PermanentError(ErrorCode.UNSUPPORTED_MEDIA, f"Photoshop document {what}: not supported")


@dataclass(frozen=True, slots=True)
class Document:
    """What a document says of its flattened picture, whose compression `at` begins with."""

    data: bytes
    channels: int
    width: int
    height: int
    depth: int
    model: int
    palette: bytes
    resources: dict[int, bytes]
    is_clear: bool
    """Whether the first channel behind the colours is their transparency, no selection."""
    at: int
    profile: bytes | None
    is_linear: bool
    """Whether the samples are read by their square root, which the profile undoes."""

    @property
    def samples(self) -> Samples:
        """How the samples of a plane lie in a row."""
        return Samples((self.depth,), ">", is_float=self.depth == 32)

    @property
    def colors(self) -> int:
        """How many channels the colours have."""
        return CHANNELS[self.model]


def read_document(data: bytes) -> Document:
    """Read the sections up to the flattened picture.

    Raises PermanentError(UNSUPPORTED_MEDIA) for what has no such picture or one of another kind,
    ValueError or struct.error for nonsense.
    """
    signature, channels, height, width, depth, model = struct.unpack_from(">4s8xHIIHH", data)
    if signature != SIGNATURE:
        raise ValueError("no Photoshop document")
    if model not in CHANNELS or depth not in DEPTHS or (depth == 1) != (model == BITMAP):
        raise unsupported(f"of {depth} bits a channel in colour mode {model}")
    if model == INDEXED and depth != 8:
        raise unsupported(f"of {depth} bits a channel in colour mode {model}")
    if channels < CHANNELS[model]:
        raise ValueError(f"{channels} channels where colours have {CHANNELS[model]}")
    if max(width, height) > MOST_SIDE:
        raise ValueError(f"{width} × {height} px, a document has {MOST_SIDE} a side at most")
    palette, at = _section(data, HEAD_BYTES)
    resources, at = _section(data, at)
    layers, at = _section(data, at)
    found = _resources(resources)
    if found.get(VERSION_INFO, b"")[4:5] == b"\0":
        raise unsupported("without a flattened picture (“Maximize compatibility” was off)")
    is_clear = channels > CHANNELS[model] and _is_clear(layers)
    profile = found.get(ICC_RESOURCE) or None
    is_light = depth > 8 and model in LIGHT and not is_clear
    square = with_square(profile, "L" if model == GREY else "RGB") if is_light else None
    return Document(
        data=data,
        channels=channels,
        width=width,
        height=height,
        depth=depth,
        model=model,
        palette=palette,
        resources=found,
        is_clear=is_clear,
        at=at,
        profile=square or profile,
        is_linear=bool(square),
    )


def _section(data: bytes, at: int) -> tuple[bytes, int]:
    """Return the content of a section that begins with its length, and where it ends."""
    (length,) = struct.unpack_from(">I", data, at)
    return data[at + 4 : at + 4 + length], at + 4 + length


def _resources(section: bytes) -> dict[int, bytes]:
    """Return the first of each number; what is damaged ends them."""
    found: dict[int, bytes] = {}
    for number, start, end in read_resources(section, 0, len(section)):
        found.setdefault(number, section[start:end])
    return found


def _is_clear(layers: bytes) -> bool:
    """Tell whether the flattened picture has a transparency: the count of layers is negative."""
    if len(layers) < 4:
        return False
    layer_info, at = _section(layers, 0)
    if _is_negative(layer_info):
        return True
    if at + 4 > len(layers):
        return False
    _mask, at = _section(layers, at)
    for _ in limit_parts(iter(int, 1), len(layers), "blocks behind the layers"):
        if layers[at : at + 4] not in TAGGED or at + 12 > len(layers):
            return False
        key = layers[at + 4 : at + 8]
        content, end = _section(layers, at + 8)
        if key in MERGED_TRANSPARENCY or (key in DEEP_LAYERS and _is_negative(content)):
            return True
        at = end + -end % 4
    return False


def _is_negative(layer_info: bytes) -> bool:
    return len(layer_info) >= 2 and layer_info[0] >= 0x80
