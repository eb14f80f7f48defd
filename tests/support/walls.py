"""Sandboxes whose decoders are planted (`planted.py`), and what to ask of them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace

import pytest

from lib import presets
from lib.adapters.sandbox.sandbox import Sandbox
from lib.domain.errors import ErrorCode, MediaError
from lib.imaging.port import Images, ImageTask
from tests.support.images import photo, save

SECRET = "AKIAIOSFODNN7EXAMPLE"
PRESETS = presets.load(presets.PACKAGED)
DEFAULT = PRESETS.named(None).image
SMALL = replace(DEFAULT, widths=(64,), boxes=())
MEMORY = 400_000_000
LINUX = sys.platform == "linux"
VARIANTS = {
    "everything": "serve",
    "no landlock": "serve_without_landlock",
    "no seccomp": "serve_without_seccomp",
    "limits only": "serve_with_limits_only",
}


def task(data: bytes, container: str, preset: presets.ImagePreset = SMALL) -> ImageTask:
    return ImageTask(data, container, preset, PRESETS.limits)


@contextmanager
def planted(variant: str = "everything") -> Iterator[Sandbox]:
    """A sandbox whose BMP decoder is an attacker's."""
    with closing(Sandbox(MEMORY, f"tests.support.planted:{VARIANTS[variant]}")) as sandbox:
        yield sandbox


def attempt(sandbox: Sandbox, *trick: object, seconds: float = 60.0) -> MediaError:
    """Let the planted decoder do something, and return what the job would record."""
    with pytest.raises(MediaError) as caught:  # noqa: SIM117
        with sandbox.open(task(json.dumps(trick).encode(), "bmp"), lambda: seconds) as opened:
            list(opened.make_renditions())
    return caught.value


def told(error: MediaError) -> dict[str, str]:
    assert error.code is ErrorCode.CORRUPT_MEDIA
    read: dict[str, str] = json.loads(error.message.partition(": ")[2])
    return read


def works(sandbox: Images) -> bool:
    with sandbox.open(task(save(photo(), "jpeg"), "jpeg"), lambda: 60.0) as opened:
        return all(made.content for made in opened.make_renditions())
