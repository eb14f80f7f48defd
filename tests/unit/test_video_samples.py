"""Samples that share bytes, in tables of every kind; cut files have fewer, not more."""

import io
from struct import pack

import pytest

from lib.video.isobmff import box
from lib.video.probe.mp4_sample_bytes import MOST_FRAGMENTS, bytes_of_samples

CLOCK = 1000


def header(kind, ticks=CLOCK, lasts=1000):
    return box(kind, pack(">IIIII", 0, 0, 0, ticks, lasts))


def movie(table, edits=(), extends=b""):
    edts = box(b"edts", box(b"elst", pack(">II", 0, len(edits)), *edits)) if edits else b""
    stbl = box(b"stbl", *(box(kind, content) for kind, content in table.items()))
    mdia = box(b"mdia", header(b"mdhd"), box(b"minf", stbl))
    return box(b"moov", header(b"mvhd"), box(b"trak", edts, mdia), extends)


def table(sizes, chunks, per_chunk, kind=b"stsz", content=None):
    sizes = content or pack(f">III{len(sizes)}I", 0, 0, len(sizes), *sizes)
    return {
        kind: sizes,
        b"stsc": pack(">IIIII", 0, 1, 1, per_chunk, 1),
        b"stco": pack(f">II{len(chunks)}I", 0, len(chunks), *chunks),
    }


def total(data, size=None):
    return bytes_of_samples(io.BytesIO(data[:size]), size or len(data))


def test_each_chunk_counts_as_often_as_it_is_named():
    assert total(movie(table([10, 20, 30], [8, 8, 8], 1)) + box(b"mdat", bytes(60))) == 60
    assert total(movie(table([10] * 100, [8] * 100, 1)) + box(b"mdat", bytes(10))) == 1000
    assert total(movie(table([10] * 100, [8], 100)) + box(b"mdat", bytes(2000))) == 1000


@pytest.mark.parametrize(
    ("kind", "content", "expected"),
    [
        (b"stsz", pack(">III", 0, 7, 4_000_000_000), 3 * 2 * 7),
        (b"stz2", pack(">IIIBBB", 0, 4, 6, 0x12, 0x34, 0x56), 21),
        (b"stz2", pack(">IIIBBBBBB", 0, 8, 6, 1, 2, 3, 4, 5, 6), 21),
        (b"stz2", pack(">III6H", 0, 16, 6, 1, 2, 3, 4, 5, 6), 21),
        (b"stz2", pack(">III", 0, 8, 4_000_000_000), 0),
    ],
)
def test_sizes_of_every_spelling(kind, content, expected):
    data = movie(table([], [0, 0, 0], 2, kind, content)) + box(b"mdat", bytes(500))
    assert total(data) == expected


def test_long_offsets_and_several_runs_of_chunks():
    sizes = table([1, 2, 4, 8, 16, 32], [], 1)
    del sizes[b"stco"]
    sizes[b"co64"] = pack(">II4Q", 0, 4, 0, 0, 0, 0)
    sizes[b"stsc"] = pack(">II6I", 0, 2, 1, 1, 1, 3, 2, 1)
    assert total(movie(sizes) + bytes(8)) == 63


def test_runs_of_chunks_out_of_order_count_no_chunk_twice():
    sizes = table([1] * 8, [0] * 8, 1)
    runs = [each for _ in range(1000) for each in (1, 1, 1, 8, 1, 1)]
    sizes[b"stsc"] = pack(f">II{len(runs)}I", 0, 2000, *runs)
    assert total(movie(sizes) + bytes(8)) == 8


def test_what_lies_behind_the_end_of_a_cut_file_is_not_there():
    whole = movie(table([100, 100], [300, 400], 1)) + box(b"mdat", bytes(1000))
    assert total(whole) == 200
    assert total(whole, 450) == 150
    assert total(whole, 350) == 50


def test_edits_show_a_track_as_often_as_they_say():
    def edit(duration, start=0):
        return pack(">IiI", duration, start, 1 << 16)

    def shown(*edits):
        return total(movie(table([100], [0], 1), edits) + bytes(8))

    assert shown(edit(1000)) == shown(edit(400)) == shown(edit(5000, -1), edit(1000)) == 100
    assert shown(*[edit(1000)] * 30) == 3000
    assert shown(*[edit(1)] * 1001) == 100


def fragment(number, *fields, flags=0x201, base=b""):
    tfhd = box(b"tfhd", pack(">II", 0x20000 | bool(base), 1), base)
    trun = box(b"trun", pack(">II", flags, number), pack(f">{len(fields)}I", *fields))
    return box(b"moof", box(b"traf", tfhd, trun))


def test_fragments_count_too():
    start = movie(
        table([], [], 1), extends=box(b"mvex", box(b"trex", pack(">6I", 0, 1, 1, 1, 9, 0)))
    )
    one = fragment(2, 0, 10, 20)
    end = box(b"mdat", bytes(500))
    assert total(start + one + end) == 30
    assert total(start + one * 50 + end) == 1500
    assert total(start + fragment(2, 0, 7, 10, 7, 20, flags=0x301) + end) == 30
    assert total(start + fragment(5, 0, flags=0x001) + end) == 45
    assert total(start + fragment(4_000_000_000, 0, flags=0x001) + end) < len(start) + 1000
    assert total(start + fragment(1, 0, 10, base=pack(">Q", 10**12)) + end) == 0


def test_tables_that_cannot_be_followed_are_no_tables():
    with pytest.raises(ValueError, match="fragments"):
        total(movie(table([], [], 1)) + box(b"moof") * (MOST_FRAGMENTS + 1))
    with pytest.raises(ValueError, match="expected"):
        total(box(b"moov", box(b"trak")))
