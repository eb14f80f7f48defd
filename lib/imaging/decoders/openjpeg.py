"""Decode JPEG 2000 codestreams with the OpenJPEG that Pillow's wheel carries (openjpeg.h, 2.5).

Pillow's own decoder rounds the width of components with fewer samples down (as of
python-pillow/Pillow#4996), which tears them, knows few colour spaces, and gives nothing of what is
cut short. Here each component comes as it is.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ctypes import POINTER, c_char_p, c_int, c_int64, c_size_t, c_uint32, c_uint64, c_void_p
from dataclasses import dataclass
from itertools import count

from PIL import Image

from lib.domain.errors import ErrorCode, PermanentError
from lib.imaging.decoders.bits import take_bits
from lib.imaging.pillow import CODECS

CODESTREAM_FORMAT = 0
"""OPJ_CODEC_J2K."""

PARAMETERS_BYTES = 64 * 1024
"""Several times opj_dparameters_t, most of which are two file names."""

BUFFER_BYTES = 1024 * 1024
MOST_BITS = 38
VERSION = b"2."


class _Component(ctypes.Structure):
    """opj_image_comp_t."""

    _fields_ = (
        *((name, c_uint32) for name in ("dx", "dy", "w", "h", "x0", "y0")),
        *((name, c_uint32) for name in ("prec", "bpp", "sgnd", "resno_decoded", "factor")),
        ("data", c_void_p),
        ("alpha", ctypes.c_uint16),
    )


class _Image(ctypes.Structure):
    """opj_image_t."""

    _fields_ = (
        *((name, c_uint32) for name in ("x0", "y0", "x1", "y1", "numcomps")),
        ("color_space", c_int),
        ("comps", POINTER(_Component)),
        ("icc_profile_buf", c_void_p),
        ("icc_profile_len", c_uint32),
    )


@dataclass(frozen=True, slots=True)
class Component:
    """One component of `depth` bits: the highest eight of them, from 0 up, as mode L.

    `step` is how far samples lie apart on the reference grid, across and down.
    """

    samples: Image.Image
    depth: int
    step: tuple[int, int]

    @property
    def bits(self) -> int:
        """Return how many bits `samples` have."""
        return min(self.depth, 8)


class _Source:
    """Bytes as a stream."""

    def __init__(self, data: memoryview) -> None:
        self.data, self.at = data, 0

    def read(self, buffer: int, length: int) -> int:
        """Copy what is next; -1 at the end."""
        part = self.data[self.at : self.at + length]
        if not part:
            return -1
        self.at += len(part)
        ctypes.memmove(buffer, bytes(part), len(part))
        return len(part)

    def skip(self, length: int) -> int:
        """Go on by some bytes, as far as there are any; -1 where there are none."""
        end = min(max(0, self.at + length), len(self.data))
        self.at, skipped = end, end - self.at
        return skipped or -1

    def seek(self, at: int) -> int:
        """Go to a place; 0 where there is none."""
        if not 0 <= at <= len(self.data):
            return 0
        self.at = at
        return 1


_sources: dict[int, _Source] = {}
_numbers = count(1)

# Made once, ahead of time: a process that has given up its rights can make no more of them.
_READ = ctypes.CFUNCTYPE(c_size_t, c_void_p, c_size_t, c_void_p)(
    lambda buffer, length, number: _sources[number].read(buffer, length)
)
_SKIP = ctypes.CFUNCTYPE(c_int64, c_int64, c_void_p)(
    lambda length, number: _sources[number].skip(length)
)
_SEEK = ctypes.CFUNCTYPE(c_int, c_int64, c_void_p)(lambda at, number: _sources[number].seek(at))


def _load() -> ctypes.CDLL | None:
    """Return the library with its functions declared, found as one of those that Pillow needs."""
    with suppress(OSError, AttributeError):
        library = ctypes.CDLL(CODECS)
        library.opj_version.restype = c_char_p
        if not library.opj_version().startswith(VERSION):
            return None
        for name, result, *arguments in (
            ("create_decompress", c_void_p, c_int),
            ("set_default_decoder_parameters", None, c_void_p),
            ("setup_decoder", c_int, c_void_p, c_void_p),
            ("decoder_set_strict_mode", c_int, c_void_p, c_int),
            ("stream_create", c_void_p, c_size_t, c_int),
            ("stream_set_read_function", None, c_void_p, type(_READ)),
            ("stream_set_skip_function", None, c_void_p, type(_SKIP)),
            ("stream_set_seek_function", None, c_void_p, type(_SEEK)),
            ("stream_set_user_data", None, c_void_p, c_void_p, c_void_p),
            ("stream_set_user_data_length", None, c_void_p, c_uint64),
            ("read_header", c_int, c_void_p, c_void_p, POINTER(POINTER(_Image))),
            ("set_decoded_resolution_factor", c_int, c_void_p, c_uint32),
            ("decode", c_int, c_void_p, c_void_p, POINTER(_Image)),
            ("image_destroy", None, POINTER(_Image)),
            ("stream_destroy", None, c_void_p),
            ("destroy_codec", None, c_void_p),
        ):
            function = getattr(library, f"opj_{name}")
            function.restype, function.argtypes = result, arguments
        return library
    return None


_library = _load()


def decode_components(codestream: memoryview, halvings: int) -> list[Component]:
    """Decode a codestream, each component so often at half its size; what is cut as far as it goes.

    Holds four bytes for each sample. Raises ValueError for what cannot be decoded at all,
    MemoryError, and PermanentError(UNSUPPORTED_MEDIA) where there is no OpenJPEG.
    """
    if _library is None:
        raise PermanentError(ErrorCode.UNSUPPORTED_MEDIA, "JPEG 2000: not supported here")
    with _opened(codestream, halvings) as image:
        return [_take(image.comps[number]) for number in range(image.numcomps)]


@contextmanager
def _opened(codestream: memoryview, halvings: int) -> Iterator[_Image]:
    """Give the decoded image, and free all of it."""
    assert _library is not None
    number = next(_numbers)
    _sources[number] = _Source(codestream)
    stream = _library.opj_stream_create(min(len(codestream) or 1, BUFFER_BYTES), True)
    codec = _library.opj_create_decompress(CODESTREAM_FORMAT)
    image = POINTER(_Image)()
    try:
        if not stream or not codec:
            raise MemoryError
        _library.opj_stream_set_read_function(stream, _READ)
        _library.opj_stream_set_skip_function(stream, _SKIP)
        _library.opj_stream_set_seek_function(stream, _SEEK)
        _library.opj_stream_set_user_data(stream, number, None)
        _library.opj_stream_set_user_data_length(stream, len(codestream))
        parameters = ctypes.create_string_buffer(PARAMETERS_BYTES)
        _library.opj_set_default_decoder_parameters(parameters)
        if not _library.opj_setup_decoder(codec, parameters):
            raise ValueError("no decoder")
        _library.opj_decoder_set_strict_mode(codec, False)
        if not _library.opj_read_header(stream, codec, ctypes.byref(image)):
            raise ValueError("a header that cannot be read")
        if halvings and not _library.opj_set_decoded_resolution_factor(codec, halvings):
            raise ValueError("not as many resolutions")
        if not _library.opj_decode(codec, stream, image):
            raise ValueError("a codestream that cannot be decoded")
        yield image.contents
    finally:
        if image:
            _library.opj_image_destroy(image)
        if codec:
            _library.opj_destroy_codec(codec)
        if stream:
            _library.opj_stream_destroy(stream)
        del _sources[number]


def _take(component: _Component) -> Component:
    """Return a component's highest eight bits; the four bytes of each are mapped, not copied."""
    size = component.w, component.h
    if not component.data or not all(size) or not 1 <= component.prec <= MOST_BITS:
        raise ValueError("a component without samples")
    numbers = (ctypes.c_ubyte * (4 * size[0] * size[1])).from_address(component.data)
    mapped = Image.frombuffer("RGBX", size, numbers, "raw", "RGBX", 0, 1)
    bits = min(component.prec, 8)
    samples = take_bits(mapped, component.prec - bits, bits)
    if component.sgnd:  # from the lowest up
        samples = samples.point([value ^ 1 << bits - 1 for value in range(256)])
    return Component(samples, component.prec, (component.dx, component.dy))
