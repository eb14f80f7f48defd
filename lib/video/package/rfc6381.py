"""Name the codec of a track as RFC 6381 and the codecs' own file format specifications do. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lib.video.isobmff import children, find

VISUAL_FIELDS = 78
"""Bytes of a visual sample entry before its boxes (ISO/IEC 14496-12, section 12.1.3)."""
AUDIO_FIELDS = 28
"""Bytes of an audio sample entry before its boxes (ISO/IEC 14496-12, section 12.2.3)."""

ES_DESCRIPTOR, DECODER_CONFIG, DECODER_SPECIFIC = 3, 4, 5
"""Tags of the descriptors of audio (ISO/IEC 14496-1, section 7.2.6)."""
DESCRIPTOR_FIELDS = {ES_DESCRIPTOR: 3, DECODER_CONFIG: 13}
"""Bytes of a descriptor before the next one inside of it."""


def codec_of(stsd: bytes) -> str:
    """Return the name of the one codec of a track: `avc1.64001f`, `mp4a.40.2`.

    `stsd` is the content of that box. Raises ValueError for codecs that are never made here.
    """
    kind, entry = sample_entry(stsd)
    if kind == b"mp4a":
        return f"mp4a.{_mpeg4_audio(find(entry[AUDIO_FIELDS:], b'esds')[4:])}"
    if kind not in CONFIGURATIONS:
        known = b", ".join(CONFIGURATIONS).decode()
        raise ValueError(f"expected {known} or mp4a but found {kind!r}")
    box, read = CONFIGURATIONS[kind]
    return f"{kind.decode()}.{read(find(entry[VISUAL_FIELDS:], box))}"


def sample_entry(stsd: bytes) -> tuple[bytes, bytes]:
    """Return kind and content of the one sample entry. Raises ValueError unless there is one."""
    (entry,) = children(stsd[8:])
    return entry


def _avc(config: bytes) -> str:
    """RFC 6381, section 3.3: profile, constraints, level, as they are stored."""
    return config[1:4].hex()


def _hevc(config: bytes) -> str:
    """ISO/IEC 14496-15, annex E.3: profile, reversed compatibility, tier, level, constraints."""
    space = ("", "A", "B", "C")[config[1] >> 6]
    compatible = int(f"{int.from_bytes(config[2:6], 'big'):032b}"[::-1], 2)
    tier = "H" if config[1] & 0x20 else "L"
    constraints = config[6:12].rstrip(b"\0")
    parts = [f"{space}{config[1] & 0x1F}", f"{compatible:X}", f"{tier}{config[12]}"]
    return ".".join([*parts, *(f"{each:X}" for each in constraints)])


def _av1(config: bytes) -> str:
    """AV1 in ISOBMFF, section 5: profile, level and tier, bit depth."""
    profile, level = config[1] >> 5, config[1] & 0x1F
    tier, high, twelve = config[2] >> 7, config[2] >> 6 & 1, config[2] >> 5 & 1
    depth = (12 if twelve else 10) if high else 8
    return f"{profile}.{level:02d}{'H' if tier else 'M'}.{depth:02d}"


CONFIGURATIONS: Mapping[bytes, tuple[bytes, Callable[[bytes], str]]] = {
    b"avc1": (b"avcC", _avc),
    b"hvc1": (b"hvcC", _hevc),
    b"av01": (b"av1C", _av1),
}
"""Sample entry of a video codec → the box that describes it, and what reads that."""


def _mpeg4_audio(descriptor: bytes) -> str:
    """RFC 6381, section 3.3: object type indication in hex, then the audio object type."""
    stream = _descriptor(descriptor, ES_DESCRIPTOR)
    decoder = _descriptor(stream[DESCRIPTOR_FIELDS[ES_DESCRIPTOR] :], DECODER_CONFIG)
    specific = _descriptor(decoder[DESCRIPTOR_FIELDS[DECODER_CONFIG] :], DECODER_SPECIFIC)
    return f"{decoder[0]:x}.{specific[0] >> 3}"


def _descriptor(data: bytes, tag: int) -> bytes:
    """Return the content of the descriptor that `data` starts with; its size has 7 bits a byte."""
    if not data or data[0] != tag:
        raise ValueError(f"expected descriptor {tag} but found {data[:1]!r}")
    size, at = 0, 1
    while at < len(data):
        size, at = size << 7 | data[at] & 0x7F, at + 1
        if data[at - 1] < 0x80:
            return data[at : at + size]
    raise ValueError(f"expected descriptor {tag} to have an end")
