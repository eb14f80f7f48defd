"""Read a TIFF, or be refused."""

from __future__ import annotations

import pytest

from lib.domain.errors import PermanentError
from lib.imaging.load import Picture, read_picture
from tests.support.images import LIMITS


def read(data: bytes) -> Picture:
    """Decode a TIFF within the shipped limits. Raises PermanentError."""
    return read_picture(data, "tiff", LIMITS)


def refused(data: bytes) -> PermanentError:
    """Return why a TIFF is refused, as it has to be."""
    with pytest.raises(PermanentError) as caught:
        read(data)
    return caught.value
