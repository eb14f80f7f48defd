"""Take all files, TCP and foreign processes from this process, by Landlock: landlock(7)."""

from __future__ import annotations

import ctypes
import os
import struct

CREATE_RULESET, RESTRICT_SELF = 444, 446
"""Numbers of the system calls, the same on every processor."""

VERSION = 1
FILE_RIGHTS = {1: 0x1FFF, 2: 0x3FFF, 3: 0x7FFF, 4: 0x7FFF}
"""All rights over files that a version of the interface knows."""

MOST_FILE_RIGHTS = 0xFFFF
TCP_RIGHTS, TCP_SINCE = 0x3, 4
"""To bind and to connect."""

SCOPES, SCOPES_SINCE = 0x3, 6
"""Abstract Unix sockets and signals do not leave the sandbox."""


def restrict_self() -> int:
    """Give up every right that this kernel's Landlock knows, for good; no file is excepted.

    What is open stays open. Returns the version of the interface, 0 where there is none. The
    process has given up new privileges before. It counts for threads that are started later.
    """
    call = ctypes.CDLL(None, use_errno=True).syscall
    version = int(call(CREATE_RULESET, None, ctypes.c_size_t(0), VERSION))
    if version < 1:
        return 0
    handled = [FILE_RIGHTS.get(version, MOST_FILE_RIGHTS)]
    if version >= TCP_SINCE:
        handled.append(TCP_RIGHTS)
    if version >= SCOPES_SINCE:
        handled.append(SCOPES)
    attributes = struct.pack(f"={len(handled)}Q", *handled)
    rules = int(call(CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0))
    if rules < 0:
        return 0
    try:
        return version if call(RESTRICT_SELF, rules, 0) == 0 else 0
    finally:
        os.close(rules)
