"""What was made is compared with what a source says of itself."""

from __future__ import annotations

import pytest

from lib.domain.media import MediaWarning, VideoProbe, WarningCode
from lib.video.plan.made_length import note_length


@pytest.mark.parametrize(
    ("said_ms", "made_ms", "size", "code"),
    [
        (10_000, 10_040, 10**6, None),
        (10_000, 9000, 10**6, None),
        (10_000, 11_000, 10**6, None),
        (600_000, 571_000, 10**6, None),
        (10_000, 8999, 10**6, WarningCode.INCOMPLETE),
        (600_000, 569_000, 10**6, WarningCode.INCOMPLETE),
        (10_000, 11_001, 10**6, WarningCode.DURATION_DIFFERS),
        (2000, 63_999, 10**6, WarningCode.INCOMPLETE),  # twice that and a minute are read
        (2000, 63_999, None, WarningCode.DURATION_DIFFERS),
        (None, 5000, 10**6, None),
        (None, 50_299_500, 10**9, None),
        (None, 399_500, 2000, WarningCode.INCOMPLETE),
    ],
)
def test_another_length_is_recorded_and_told(said_ms, made_ms, size, code):
    before = MediaWarning(WarningCode.IGNORED, "x")
    probe = VideoProbe(duration_ms=said_ms, warnings=(before,))
    noted = note_length(probe, made_ms, size)
    assert [each.code for each in noted.warnings] == [before.code, *([code] if code else [])]
    assert noted.complete is (False if code is WarningCode.INCOMPLETE else None)
    usual = said_ms and not code
    assert noted.duration_ms == (said_ms if usual else made_ms)
