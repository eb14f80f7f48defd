"""Make the renditions of one picture: each size once, from the next larger one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lib.errors import ErrorCode, TransientError
from lib.imaging.encode import encode
from lib.imaging.picture import Picture
from lib.imaging.resize import resize
from lib.imaging.targets import Target
from lib.model import Failure, Made, RenditionKind
from lib.ports import Deadline
from lib.presets import ImagePreset

ENCODE_MARGIN = 5.0
"""Seconds that must be left to begin an encode: ten times the slowest of the default preset (an
AVIF of 1920 px), to leave time for storing what is made."""


def make(
    picture: Picture, targets: Iterable[Target], preset: ImagePreset, deadline: Deadline
) -> Iterator[Made]:
    """Resize and encode each target in turn; one that fails carries its error, the rest go on.

    Cascades where targets come largest first, as `plan` gives them.
    Raises TransientError(DEADLINE_NEAR) before an encode that may not finish in time.
    """
    image = picture.image
    for target in targets:
        if deadline() < ENCODE_MARGIN:
            raise TransientError(
                ErrorCode.DEADLINE_NEAR,
                f"less than {ENCODE_MARGIN:.0f} s are left before encoding {target.name}",
            )
        larger = image if image.width >= target.width else picture.image
        image = resize(larger, (target.width, target.height))
        try:
            content, error = encode(image, target.format, target.quality, preset.background), None
        except MemoryError:  # ours, not the picture's
            raise
        except Exception as exc:  # encoders raise OSError, ValueError, RuntimeError, SystemError
            content, error = None, Failure(ErrorCode.ENCODE_FAILED, str(exc), permanent=True)
        yield Made(
            name=target.name,
            kind=RenditionKind.IMAGE,
            mime=target.mime,
            content=content,
            width=target.width,
            height=target.height,
            error=error,
        )
