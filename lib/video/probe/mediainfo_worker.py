"""Let MediaInfo read a source in a process of its own, which has little time and memory.

It believes tables that say that they have four thousand million entries, and keeps each. The
process reads the source through its parent: `python parser.py PARSER SPEED SIZE` asks on standard
output for a start and a length in bytes and gets on standard input how many there are, then those.
It says 0 and 0 when it is done, then MediaInfo's tracks as JSON. It imports nothing of this
package, which costs time.
"""

from __future__ import annotations

import io
import json
import resource
import struct
import sys
from typing import IO, Any

ASK = struct.Struct(">QQ")
ANSWER = struct.Struct(">Q")
CHUNK_BYTES = 64 * 1024
CPU_SECONDS = 6
"""A film of hours with its index in one piece takes one."""

MEMORY_BYTES = 1024**3
"""Of addresses, of which the interpreter and the library take a third."""


OPEN_FILES = 64


class PipedFile(io.RawIOBase):
    """The parent's file of `size` bytes."""

    def __init__(self, size: int, ask: IO[bytes], answers: IO[bytes]) -> None:
        super().__init__()
        self._size, self._position = size, 0
        self._ask, self._answers = ask, answers

    def seekable(self) -> bool:
        """Tell that it can seek."""
        return True

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def tell(self) -> int:
        """Return the position, in bytes."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move as `io.IOBase.seek` does."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Fill a part of the buffer. Returns 0 at the end."""
        view = memoryview(buffer).cast("B")
        length = min(len(view), CHUNK_BYTES, max(0, self._size - self._position))
        if not length:
            return 0
        self._ask.write(ASK.pack(self._position, length))
        self._ask.flush()
        (answered,) = ANSWER.unpack(self._answers.read(ANSWER.size))
        part = self._answers.read(answered)
        view[: len(part)] = part
        self._position += len(part)
        return len(part)


def main(parser: str, speed: str, size: str) -> None:
    """Read a source of `size` bytes by the named parser of MediaInfo."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    for nothing in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE):
        resource.setrlimit(nothing, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
    # Imported here, where the limits hold for what it loads, too.
    from pymediainfo import MediaInfo

    ask, answers = sys.stdout.buffer, sys.stdin.buffer
    found = MediaInfo.parse(
        PipedFile(int(size), ask, answers),
        parse_speed=float(speed),
        mediainfo_options={"File_ForceParser": parser},
    )
    ask.write(ASK.pack(0, 0))
    ask.write(json.dumps([track.to_data() for track in found.tracks]).encode())
    ask.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
