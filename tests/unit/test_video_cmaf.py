"""Files of one track, spelt here; what comes out is read box by box, by another reader."""

import io
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from struct import pack, unpack, unpack_from

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.video.isobmff import box
from lib.video.package.cmaf import complete, join_ranges, read_track, split
from lib.video.package.track import Segment, Track
from tests.support.boxes import read_boxes

SYNC, OTHER = 0x0200_0000, 0x0101_0000
TICKS = 90_000
FRAME = 3000


def moov(kind: bytes = b"avc1", timescale: int = TICKS, media_time: int | None = None) -> bytes:
    if kind == b"mp4a":
        handler, config = b"soun", bytes.fromhex("0319000100041140150000000001f4000001f40005021190")
        entry = box(
            kind, bytes(16), pack(">HHIHH", 2, 16, 0, 48_000, 0), box(b"esds", bytes(4), config)
        )
    else:
        handler, config = b"vide", bytes.fromhex("0164001fffe1")
        entry = box(kind, bytes(24), pack(">HH", 640, 360), bytes(50), box(b"avcC", config))
    edits = b""
    if media_time is not None:
        edits = box(b"edts", box(b"elst", pack(">IIIiI", 0, 1, 0, media_time, 1 << 16)))
    mdia = box(
        b"mdia",
        box(b"mdhd", bytes(12), pack(">III", timescale, 0, 0)),
        box(b"hdlr", bytes(8), handler, bytes(12)),
        box(b"minf", box(b"stbl", box(b"stsd", pack(">II", 0, 1), entry))),
    )
    secret = box(b"udta", b"Lavf")
    return box(
        b"moov",
        box(b"mvhd", bytes(100)),
        box(b"trak", box(b"tkhd", bytes(84)), edits, mdia),
        secret,
    )


def fragment(start: int, samples: list[tuple[int, int, int]], sync: int = SYNC) -> bytes:
    """Spell a fragment of (duration, composition offset, fill byte)."""
    rows = b"".join(pack(">IIi", length, 5, offset) for length, offset, _ in samples)
    data = b"".join(bytes([fill]) * 5 for *_, fill in samples)

    def spell(offset: int) -> bytes:
        trun = box(b"trun", pack(">IIII", 1 << 24 | 0xB05, len(samples), offset, sync), rows)
        tfhd = box(b"tfhd", pack(">III", 0x02_0020, 1, OTHER))
        tfdt = box(b"tfdt", pack(">Iq", 1 << 24, start))
        return box(b"moof", box(b"mfhd", bytes(8)), box(b"traf", tfhd, tfdt, trun))

    return spell(len(spell(0)) + 8) + box(b"mdat", data)


def shown(start: int, *times: int, end: int, media_time: int = 0) -> bytes:
    """Spell a fragment of frames shown at `times`, in decoding order, decoded at even steps."""
    step = (end - start) // len(times)
    lasts = [step] * (len(times) - 1) + [end - start - step * (len(times) - 1)]
    offsets = [time + media_time - start - step * n for n, time in enumerate(times)]
    return fragment(
        start, [(last, at, n) for n, (last, at) in enumerate(zip(lasts, offsets, strict=True))]
    )


def file(*parts: bytes) -> io.BytesIO:
    return io.BytesIO(box(b"ftyp", b"iso6") + b"".join(parts))


@dataclass
class Read:
    """What a player finds in a segment: times of the media's clock, in decoding order."""

    tfdt: int
    decoded: list[int]
    composed: list[int]
    data: bytes
    sequence: int
    end: int


def read_segment(content: bytes) -> Read:
    (_, styp), (_, moof), (kind, mdat) = read_boxes(content)
    assert kind == b"mdat"
    assert b"cmfs" in styp
    mfhd, traf = (inside for _, inside in read_boxes(moof))
    inner = dict(read_boxes(traf))
    (tfdt,) = unpack(">q", inner[b"tfdt"][4:])
    flags, _, default_duration, default_flags = unpack(">IIII", inner[b"tfhd"])
    assert flags == 0x02_0028
    version_flags, count, offset, first = unpack_from(">IIII", inner[b"trun"])
    assert version_flags >> 24 == 1
    assert not first & 0x01_0000
    assert count == 1 or default_flags in (OTHER, SYNC)
    columns = [bit for bit in (0x100, 0x200, 0x800) if version_flags & bit]
    values = unpack(f">{count * len(columns)}i", inner[b"trun"][16:])
    rows = [
        dict(zip(columns, values[n * len(columns) : (n + 1) * len(columns)], strict=True))
        for n in range(count)
    ]
    decoded, composed, at = [], [], tfdt
    for row in rows:
        decoded.append(at)
        composed.append(at + row.get(0x800, 0))
        at += row.get(0x100, default_duration)
    start_of_moof = content.index(b"moof") - 4
    data = content[start_of_moof + offset :]
    assert data == mdat
    assert len(data) == sum(row[0x200] for row in rows)
    return Read(tfdt, decoded, composed, data, unpack(">I", mfhd[4:])[0], at)


def edit_of(init: bytes) -> int:
    trak = dict(read_boxes(dict(read_boxes(dict(read_boxes(init))[b"moov"]))[b"trak"]))
    if b"edts" not in trak:
        return 0
    assert list(trak) == [b"tkhd", b"edts", b"mdia"]
    _, _, _, media_time, _ = unpack(">IIIiI", dict(read_boxes(trak[b"edts"]))[b"elst"])
    return int(media_time)


PYRAMID = (0, 4, 2, 1, 3)
"""The order in which five frames are decoded."""


def gop(start: int, media_time: int = 0) -> bytes:
    times = [start + FRAME * each for each in PYRAMID]
    return shown(start, *times, end=start + 5 * FRAME, media_time=media_time)


def test_a_picture_says_what_players_ask_for():
    init, track = read_track(file(moov()), "h264-360")
    expected = Track("h264-360", "avc1.64001f", TICKS, width=640, height=360)
    assert track == expected
    assert b"Lavf" not in init
    assert [kind for kind, _ in read_boxes(init)] == [b"ftyp", b"moov"]


def test_a_sound_says_what_players_ask_for():
    source = file(moov(b"mp4a", 48_000, 1024))
    init, track = read_track(source, "audio-0")
    assert track == Track("audio-0", "mp4a.40.2", 48_000, channels=2, sample_rate=48_000)
    assert edit_of(init) == 0


@pytest.mark.parametrize("media_time", [None, 0, 6000])
def test_frames_are_shown_when_they_were_and_the_segment_starts_with_the_first(media_time):
    source = file(
        moov(media_time=media_time), gop(0, media_time or 0), gop(15_000, media_time or 0)
    )
    init, _ = read_track(source, "h264-360")
    parts = list(split(source))
    delay = edit_of(init)
    assert delay == 9000
    assert [(each.start, each.duration, each.frames) for each, _ in parts] == [
        (0, 15_000, 5),
        (15_000, 15_000, 5),
    ]
    for segment, content in parts:
        read = read_segment(content)
        assert segment.size == len(content)
        assert read.tfdt == segment.start
        assert read.end == segment.start + segment.duration
        assert [each - delay for each in read.composed] == [
            segment.start + FRAME * each for each in PYRAMID
        ]
        assert read.data == b"".join(bytes([n]) * 5 for n in range(5))


def test_a_constant_rate_is_decoded_at_a_constant_rate():
    (_, content), *_ = split(file(moov(), gop(0), gop(15_000)))
    assert read_segment(content).decoded == [n * FRAME for n in range(5)]


def test_sequence_numbers_rise_and_depend_on_nothing_but_the_time():
    whole = [content for _, content in split(file(moov(), gop(0), gop(15_000), gop(30_000)))]
    ranged = [content for _, content in split(file(moov(), gop(15_000), gop(30_000)))]
    assert whole[1:] == ranged
    sequences = [read_segment(each).sequence for each in whole]
    assert sequences[0] > 0
    assert sequences == sorted(set(sequences))


@given(
    gaps=st.lists(st.integers(1, 200_000), min_size=5, max_size=5),
    start=st.integers(0, 10**12),
)
def test_a_varying_rate_keeps_every_frame_s_time(gaps, start):
    times = [start]
    for gap in gaps:
        times.append(times[-1] + gap)
    end = times.pop() + 50
    ordered = [times[n] for n in PYRAMID]
    source = file(moov(), shown(start, *ordered, end=end))
    ((segment, content),) = split(source, end_tick=end)
    read = read_segment(content)
    assert [each - 9000 for each in read.composed] == ordered
    assert (
        (read.tfdt, read.end) == (start, end) == (segment.start, segment.start + segment.duration)
    )
    assert read.decoded == sorted(set(read.decoded))
    assert all(late >= at for at, late in zip(read.decoded, read.composed, strict=True))


def test_the_last_frame_of_a_range_lasts_until_the_next_range():
    ((known, content),) = split(file(moov(), gop(0)), end_tick=20_000)
    ((guessed, _),) = split(file(moov(), gop(0)))
    assert (known.duration, guessed.duration) == (20_000, 15_000)
    assert read_segment(content).end == 20_000


def packets(start: int, count: int) -> bytes:
    return fragment(start, [(1024, 0, n) for n in range(count)]).replace(
        pack(">I", OTHER), pack(">I", SYNC)
    )


@pytest.mark.parametrize(
    ("media_time", "start"), [(1024, 0), (0, -1024)], ids=["edit list", "signed time"]
)
def test_the_delay_of_a_sound_encoder_is_left_out(media_time, start):
    source = file(moov(b"mp4a", 48_000, media_time), packets(start, 4), packets(start + 4096, 2))
    (first, content), (second, _) = split(source)
    assert (first.start, first.duration, first.frames) == (0, 3072, 3)
    assert (second.start, second.duration, second.frames) == (3072, 2048, 2)
    read = read_segment(content)
    assert read.composed == read.decoded == [0, 1024, 2048]
    assert read.data[:5] == b"\1" * 5


def test_a_fragment_of_nothing_but_delay_is_no_segment():
    source = file(moov(b"mp4a", 48_000, 1024), packets(0, 1), packets(1024, 2))
    ((segment, _),) = split(source)
    assert (segment.start, segment.frames) == (0, 2)


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ([moov(), gop(0), gop(30_000)], "fragment at 15000 ticks"),
        ([moov(), gop(0), gop(14_999)], "fragment at 15000 ticks"),
        ([moov(), gop(0).replace(pack(">I", SYNC), pack(">I", OTHER))], "start with a keyframe"),
        ([moov(), shown(0, 3000, 0, 6000, end=9000)], "start with a keyframe"),
        ([moov(), shown(0, 0, 3000, 3000, end=9000)], "times that differ"),
        ([moov(), gop(-15_000), gop(0)], None),
        ([moov(), gop(-3000)], "start with a keyframe"),
        ([moov(), gop(0)[:-33] + box(b"mdat")], "bytes of samples"),
        ([moov()], "expected a fragment"),
        ([gop(0)], "expected a fragment"),
        ([moov(media_time=-1), gop(0)], "starts at 0"),
    ],
)
def test_what_could_not_be_played_is_no_segment(parts, reason):
    source = file(*parts)
    if reason is None:
        assert [each.start for each, _ in split(source)] == [0]
        return
    with pytest.raises(ValueError, match=reason):
        list(split(source))


def segments(*starts: int, frames: int = 120) -> tuple[Segment, ...]:
    return tuple(Segment(start, after - start, 1000, frames) for start, after in pairwise(starts))


RUNG = Track("h264-360", "avc1.64001f", TICKS, width=640, height=360)


def test_the_frame_rate_is_counted():
    assert complete(RUNG, segments(0, 360_000)).frame_rate == 30
    film = replace(RUNG, timescale=24_000)
    assert complete(film, [Segment(0, 100_100, 1, 100)]).frame_rate == Fraction(24_000, 1001)
    assert complete(replace(RUNG, width=None), segments(0, 360_000)).frame_rate is None


def test_a_segment_tells_its_shortest_distances_between_frames():
    ((segment, _),) = split(file(moov(), gop(0)))
    assert segment.fastest == (segment.duration, segment.frames)


def test_a_track_has_no_gaps():
    with pytest.raises(ValueError, match="none"):
        complete(RUNG, [])
    with pytest.raises(ValueError, match="at 360000 ticks"):
        complete(RUNG, [*segments(0, 360_000), *segments(360_001, 720_000)])


def test_ranges_give_the_whole():
    whole = complete(RUNG, segments(0, 360_000, 720_000, 1_080_000))
    parts = (
        complete(RUNG, segments(0, 360_000)),
        complete(RUNG, segments(360_000, 720_000, 1_080_000)),
    )
    assert join_ranges(parts) == whole
    assert join_ranges(iter(parts[:1])) == parts[0]


@pytest.mark.parametrize("start", [359_999, 360_001])
def test_a_tick_of_rounding_between_ranges_is_mended(start):
    parts = (complete(RUNG, segments(0, 360_000)), complete(RUNG, segments(start, 720_000)))
    merged = join_ranges(parts)
    assert [(each.start, each.duration) for each in merged.segments] == [
        (0, start),
        (start, 720_000 - start),
    ]


@pytest.mark.parametrize(
    "second",
    [
        complete(RUNG, segments(360_002, 720_000)),
        complete(RUNG, segments(359_998, 720_000)),
        complete(replace(RUNG, codec="avc1.640028"), segments(360_000, 720_000)),
        complete(replace(RUNG, height=358), segments(360_000, 720_000)),
    ],
)
def test_ranges_that_do_not_fit_are_not_joined(second):
    with pytest.raises(ValueError, match="expected a"):
        join_ranges((complete(RUNG, segments(0, 360_000)), second))
