"""Give a seekable file to libraries that want one, from ranged reads of a stored object."""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

BLOCK_BYTES = 256 * 1024
"""One ranged GET. MediaInfo asks for 64 KB at a time, mostly in sequence."""

CACHED_BLOCKS = 16


class RangeReader(io.RawIOBase):
    """Read an object of `size` bytes through `read(start, length)`, one aligned block at a time.

    What lies before `skipped` bytes is as if it were not there. The latest blocks are kept, 4 MB in
    all. Errors of `read` pass through.
    """

    def __init__(self, read: Callable[[int, int], bytes], size: int, *, skipped: int = 0) -> None:
        super().__init__()
        self._read_range = read
        self._skipped = skipped
        self._size = max(0, size - skipped)
        self._position = 0
        self._blocks: OrderedDict[int, bytes] = OrderedDict()

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def seekable(self) -> bool:
        """Tell that it can seek."""
        return True

    def tell(self) -> int:
        """Return the position, in bytes."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move as `io.IOBase.seek` does; past the end is allowed and reads nothing."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise ValueError(f"expected a position from 0 but received {start + offset}")
        self._position = start + offset
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Fill a part of the buffer, up to the end of one block. Returns 0 at the end."""
        view = memoryview(buffer).cast("B")
        index, offset = divmod(self._position, BLOCK_BYTES)
        if not view or self._position >= self._size:
            return 0
        part = self._block(index)[offset : offset + len(view)]
        view[: len(part)] = part
        self._position += len(part)
        return len(part)

    def _block(self, index: int) -> bytes:
        if index in self._blocks:
            self._blocks.move_to_end(index)
            return self._blocks[index]
        start = index * BLOCK_BYTES
        block = self._read_range(self._skipped + start, min(BLOCK_BYTES, self._size - start))
        self._blocks[index] = block
        if len(self._blocks) > CACHED_BLOCKS:
            self._blocks.popitem(last=False)
        return block
