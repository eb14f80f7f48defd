import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.video.probe.range_reader import BLOCK_BYTES, CACHED_BLOCKS, RangeReader

DATA = bytes(range(256)) * 4096


def reader(calls: list[tuple[int, int]], data: bytes = DATA) -> RangeReader:
    def read(start: int, length: int) -> bytes:
        calls.append((start, length))
        return data[start : start + length]

    return RangeReader(read, len(data))


moves = st.lists(st.tuples(st.integers(0, len(DATA) + 10), st.integers(0, 3 * BLOCK_BYTES)))


@given(moves)
def test_it_reads_what_a_file_in_memory_reads(steps):
    ours, theirs = io.BufferedReader(reader([])), io.BytesIO(DATA)
    for position, length in steps:
        assert ours.seek(position) == theirs.seek(position)
        assert ours.read(length) == theirs.read(length)


def test_small_reads_share_one_ranged_read():
    calls: list[tuple[int, int]] = []
    file = reader(calls)
    for position in range(0, BLOCK_BYTES, 4096):
        file.seek(position)
        assert file.read(100) == DATA[position : position + 100]
    assert calls == [(0, BLOCK_BYTES)]


def test_the_last_block_asks_for_no_byte_behind_the_end():
    calls: list[tuple[int, int]] = []
    file = reader(calls, b"x" * 10)
    assert file.read(100) == b"x" * 10
    assert file.read(100) == b""
    assert calls == [(0, 10)]


def test_old_blocks_are_forgotten():
    calls: list[tuple[int, int]] = []
    size = BLOCK_BYTES * (CACHED_BLOCKS + 1)
    file = reader(calls, bytes(size))
    for position in (*range(0, size, BLOCK_BYTES), 0):
        file.seek(position)
        file.read(1)
    assert len(calls) == CACHED_BLOCKS + 2


def test_positions_before_the_start_are_refused():
    with pytest.raises(ValueError, match="expected a position from 0 but received -1"):
        reader([]).seek(-1)


def test_seeks_count_from_the_start_the_position_and_the_end():
    file = reader([])
    assert file.seek(10) == 10
    assert file.seek(5, io.SEEK_CUR) == 15
    assert file.seek(-1, io.SEEK_END) == len(DATA) - 1
    assert file.read() == DATA[-1:]
