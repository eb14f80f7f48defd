"""What is uploaded, and what stands for decoders and encoders: a few bytes of source and recipe.

Every object that is made says in its first line which recipe made it, what it is, and of which
bytes; so that what lies in the bucket can be held against what was uploaded.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from lib.domain.errors import ErrorCode, Failure, PermanentError, TransientError
from lib.domain.media import ImageProbe
from lib.domain.renditions import Made, RenditionKind
from tests.robustness.model import current

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF"
WEBM = b"\x1a\x45\xdf\xa3\x01\x42\x82\x84webm"

HEADS: Mapping[str, bytes] = {
    "image": JPEG,
    "partial": JPEG,
    "animation": JPEG,
    "corrupt": JPEG,
    "deadly": JPEG,
    "bug": JPEG,
    "heavy": JPEG,
    "video": WEBM,
    "film": WEBM,
    "bad film": WEBM,
    "deadly film": WEBM,
    "text": b"plain words",
}
"""What may be uploaded. `deadly` takes more memory than there is, `heavy` more time, `bug` meets a
mistake of ours; `animation` becomes a film too, in the other queue."""

RECIPES: Mapping[str, str] = {"A": "aaaaaaaaaaaa", "B": "bbbbbbbbbbbb"}
"""Of the releases of the code."""

WIDTHS: Mapping[str, Sequence[str]] = {
    RECIPES["A"]: ("320.webp", "thumb.jpeg"),
    RECIPES["B"]: ("320.webp", "640.webp"),
}

IMAGE_PROBE = ImageProbe(width=640, height=480, format="jpeg")
ANIMATION_PROBE = ImageProbe(width=640, height=480, format="gif", frames=2, loops=0)


def make_source(kind: str, number: int) -> bytes:
    """Return the bytes of an upload: the same for the same kind and number."""
    if kind == "empty":
        return b""
    return HEADS[kind] + f"|{kind}|{number}".encode()


def kind_of(content: bytes) -> str:
    """Return what `make_source` was asked for."""
    return content.split(b"|")[1].decode() if content else "empty"


def first_line(recipe: str, name: str, etag: str) -> bytes:
    """Return what an object says of itself."""
    return f"#{recipe} {name} {etag}".encode()


def recipe_hash(*_: object) -> str:
    """Return the hash of what is made of an image, by the release that runs."""
    running = current.world.running
    return RECIPES[running.release if running else "A"]


def recipe_of(*_: object) -> str:
    """Return the hash of what is made of a video."""
    return recipe_hash()


def etag_of(content: bytes) -> str:
    """Return the ETag of a source."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


class StubImages:
    """Stands for the sandbox of the decoders."""

    def __init__(self) -> None:
        self.holds: dict[str, bool] = {}

    @classmethod
    def of_function(cls, _: int) -> StubImages:
        """Return one for a function of any memory."""
        return cls()

    def start(self) -> None:
        """Start nothing."""

    def is_animation(self, task: Any, _: object) -> bool:
        """Tell whether it is an animation."""
        return kind_of(task.data) == "animation"

    @contextmanager
    def open(self, task: Any, _: object) -> Iterator[_Opened]:
        """Open an image. Raises what its kind is for."""
        current.world.work(0.3, "decodes")
        kind = kind_of(task.data)
        if kind == "corrupt":
            raise PermanentError(ErrorCode.CORRUPT_MEDIA, "cannot be decoded")
        if kind == "deadly":
            current.world.die("runs out of memory")
        if kind == "heavy":
            raise TransientError(ErrorCode.DEADLINE_NEAR, "too little time is left")
        if kind == "bug":
            raise ZeroDivisionError("a mistake of ours")
        probe = ANIMATION_PROBE if kind == "animation" else IMAGE_PROBE
        yield _Opened(task.data, kind, probe)


@dataclass(frozen=True, slots=True)
class _Opened:
    data: bytes
    kind: str
    probe: ImageProbe
    placeholder: None = None
    size: tuple[int, int] = (640, 480)

    def make_renditions(self) -> Iterator[Made]:
        recipe, etag = recipe_hash(), etag_of(self.data)
        for number, name in enumerate(WIDTHS[recipe]):
            current.world.work(0.4, f"encodes {name}")
            mime = "image/webp" if name.endswith("webp") else "image/jpeg"
            made = Made(name, RenditionKind.IMAGE, mime, first_line(recipe, name, etag), 320, 240)
            if number and self.kind == "partial":
                failure = Failure(ErrorCode.ENCODE_FAILED, "cannot be encoded")
                made = Made(name, RenditionKind.IMAGE, mime, error=failure)
            yield made

    def film_frames(self, _: object) -> Iterator[tuple[bytes, int]]:
        """Yield the source for a frame."""
        yield self.data, 40


def make_animation(
    size: tuple[int, int],
    frames: Callable[[tuple[int, int]], Iterator[tuple[bytes, int]]],
    *_: object,
    **__: object,
) -> Made:
    """Encode the film of an animation."""
    [(data, _duration)] = frames(size)
    current.world.work(5.0, "encodes animation.mp4")
    content = first_line(recipe_hash(), "animation.mp4", etag_of(data))
    return Made("animation.mp4", RenditionKind.VIDEO, "video/mp4", content, *size)
