"""What a source's header may ask of its decoder: one file a format, from header to refusal.

A check reads a source's own structure, decodes nothing and runs before any decoder sees the bytes.
What it lets pass costs its decoder at most a constant and a factor of the bytes received:
docs/operations.md has both, docs/adr/0021 the reasons.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from lib.presets import Limits

CHECKED = ("jpeg", "png", "webp", "gif", "tiff", "jpeg2000", "psd", "avif", "heif")
"""Each container has a module of its name here, with `check`; loaded when it is first needed."""

PLAIN = ("bmp", "ico")
"""There is nothing to check: their decoders go over each byte once, and a directory of icons has
65,535 entries at most. A PNG in an icon is checked by `icon.open_largest`, once it is found."""


def check_work(data: bytes, container: str, limits: Limits) -> None:
    """Refuse a source that asks for more work than its bytes are worth.

    Raises PermanentError(LIMIT_EXCEEDED), and ValueError, IndexError or struct.error for what is
    nonsense: `decode.blaming_the_source` makes CORRUPT_MEDIA of them.
    """
    if container in PLAIN:
        return
    check: Callable[[bytes, Limits], None] = import_module(f"{__name__}.{container}").check
    check(data, limits)
