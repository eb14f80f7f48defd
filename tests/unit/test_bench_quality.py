"""What the quality bench compares auto with: the lowest fixed quality that looks no worse."""

from __future__ import annotations

import pytest

from tests.bench.quality import Encoded, compare, lowest_fixed, mean, tenth_percentile, worst

HARD, EASY = Encoded(900, 0.90), Encoded(100, 0.99)


def at(quality):
    """Encode two pictures, one of which needs much more for the same SSIM."""
    return [
        Encoded(quality * 30, min(1.0, 0.01 * quality)),
        Encoded(quality * 10, min(1.0, 0.9 + 0.002 * quality)),
    ]


def test_percentile_mean_and_worst_of_a_corpus():
    corpus = [Encoded(1, each / 100) for each in range(100, 80, -1)]
    assert tenth_percentile(corpus) == 0.83
    assert worst(corpus) == 0.81
    assert mean(corpus) == pytest.approx(0.905)
    assert mean([HARD, EASY]) == pytest.approx(0.945)


@pytest.mark.parametrize(
    ("judge", "wanted", "quality"),
    [(worst, 0.8, 80), (worst, 0.805, 81), (worst, 0.0, 1), (worst, 2.0, 100), (mean, 0.9, 80)],
)
def test_the_lowest_fixed_quality_that_looks_no_worse(judge, wanted, quality):
    assert lowest_fixed(judge, wanted, at) == quality


def test_what_is_saved_is_a_part_of_what_the_fixed_quality_needs():
    # Both pictures at 0.95, by qualities 95 and 25: a fixed 95 needs 95 × 40.
    auto = [Encoded(95 * 30, 0.95), Encoded(25 * 10, 0.95)]
    rows = {each.name: each for each in compare("webp", auto, at)}
    assert rows["webp: auto"].value == 3.1
    saved = rows["webp: saved against fixed 95, as good for all"]
    assert saved.value == pytest.approx(100 * (1 - 3100 / 3800))
    assert saved.unit == "% of bytes"


def test_a_loss_is_shown_as_less_than_nothing():
    auto = [Encoded(5000, 0.95), Encoded(5000, 0.95)]
    rows = {each.name: each.value for each in compare("webp", auto, at)}
    assert rows["webp: saved against fixed 95, as good for all"] < 0
