"""What the image bench takes for equal, and what it says of a process."""

from __future__ import annotations

import pytest

from tests.bench.tuning import Quality, is_equal

OURS = Quality(100_000, 0.96)


@pytest.mark.parametrize(
    ("found", "equal"),
    [
        (Quality(101_900, 0.9571), True),
        (Quality(90_000, 0.97), True),
        (Quality(102_100, 0.97), False),
        (Quality(90_000, 0.9569), False),
    ],
)
def test_a_peer_is_equal_with_no_more_bytes_and_no_less_ssim(found, equal):
    assert is_equal(found, OURS) is equal
