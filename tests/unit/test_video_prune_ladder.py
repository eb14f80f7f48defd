"""Which rungs are left out, given how much better each is than the one below."""

from lib.video.encode.prune_ladder import choose_redundant, choose_samples
from lib.video.package.track import Segment, Track
from lib.video.plan.ladder import Rung

LOW, MIDDLE, HIGH = (Rung("h264", width, width // 2, 23, 900) for width in (200, 400, 800))
RUNGS = (LOW, MIDDLE, HIGH)
FIRST, SECOND, THIRD = (Segment(start, 4, 10, 100) for start in (0, 4, 8))
DOUBLING = {LOW.name: 100, MIDDLE.name: 200, HIGH.name: 400}


def gains(**by_name):
    return lambda upper, lower, segment: by_name[upper.name.replace("-", "_")]


def test_a_rung_that_looks_as_the_one_below_is_left_out():
    gain = gains(h264_400=0.9, h264_200=5)
    assert choose_redundant(RUNGS, DOUBLING, (FIRST,), gain) == {HIGH.name}


def test_the_next_one_is_looked_at_then():
    gain = gains(h264_400=0.9, h264_200=0)
    assert choose_redundant(RUNGS, DOUBLING, (FIRST,), gain) == {HIGH.name, MIDDLE.name}


def test_a_rung_below_one_that_is_worth_its_bytes_stays():
    gain = gains(h264_400=1.1, h264_200=0)
    assert choose_redundant(RUNGS, DOUBLING, (FIRST,), gain) == set()


def test_the_mean_over_all_times_counts():
    def gain(upper, lower, segment):
        return segment.start / 4

    assert choose_redundant(RUNGS, DOUBLING, (FIRST, SECOND, THIRD), gain) == {
        HIGH.name,
        MIDDLE.name,
    }
    assert choose_redundant(RUNGS, DOUBLING, (FIRST, THIRD), gain) == {HIGH.name, MIDDLE.name}
    assert choose_redundant(RUNGS, DOUBLING, (SECOND, THIRD), gain) == set()


def test_no_more_is_measured_than_it_takes_to_know():
    asked = []

    def gain(upper, lower, segment):
        asked.append(segment)
        return 3.1

    assert choose_redundant(RUNGS, DOUBLING, (FIRST, SECOND, THIRD), gain) == set()
    assert asked == [FIRST]


def test_a_rung_that_costs_hardly_more_stays_and_is_not_even_looked_at():
    def gain(upper, lower, segment):
        raise AssertionError

    assert choose_redundant(RUNGS, dict.fromkeys(DOUBLING, 100), (FIRST,), gain) == set()


def test_each_codec_has_its_own_ladder():
    others = tuple(Rung("av1", each.width, each.height, 35, 900) for each in RUNGS)
    sizes = DOUBLING | {each.name: DOUBLING[each.name.replace("av1", "h264")] for each in others}
    gain = gains(h264_400=9, av1_400=0, av1_200=9)
    assert choose_redundant(RUNGS + others, sizes, (FIRST,), gain) == {"av1-400"}


def test_samples_are_spread_over_all_segments():
    def starts(count):
        segments = tuple(Segment(4 * each, 4, 10, 100) for each in range(count))
        return [each.start for each in choose_samples([Track("h264-200", "", 1, segments)])]

    assert starts(61) == [0, 80, 160]
    assert starts(5) == [0, 4, 12]
    assert starts(2) == [0, 4]
    assert starts(1) == [0]
