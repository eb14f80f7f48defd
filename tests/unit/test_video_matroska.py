"""What is read from Matroska itself: rotation, and the duration of what was recorded live."""

import io
import random
import struct

import pytest

from lib.video.probe import matroska
from lib.video.probe.matroska import read_duration_ms, read_facts
from lib.video.probe.track_facts import TrackFacts


def element(kind: int, *parts: bytes, size: int | None = None) -> bytes:
    content = b"".join(parts)
    length = len(content) if size is None else size
    spelled = kind.to_bytes((kind.bit_length() + 7) // 8)
    return spelled + (length | 1 << 56).to_bytes(8) + content


UNKNOWN = (1 << 56) - 1
HEADER = element(0x1A45DFA3, element(0x4282, b"webm"))


def track(roll: float = 0.0, projection: int = 0, spelled: str = ">d", *more: bytes) -> bytes:
    pose = element(matroska.POSE_ROLL, struct.pack(spelled, roll))
    flat = element(matroska.PROJECTION_TYPE, bytes([projection]))
    video = element(matroska.VIDEO, element(matroska.PROJECTION, flat, pose))
    return element(matroska.TRACK, element(matroska.TRACK_NUMBER, b"\1"), video, *more)


def movie(*parts: bytes, size: int | None = None) -> io.BytesIO:
    return io.BytesIO(HEADER + element(matroska.SEGMENT, *parts, size=size))


def facts_of(*tracks: bytes) -> dict[int, TrackFacts]:
    return dict(read_facts(movie(element(0xEC, bytes(50)), element(matroska.TRACKS, *tracks))))


def turned(told: bytes) -> float:
    return facts_of(told)[1].turned


@pytest.mark.parametrize(("roll", "clockwise"), [(-90.0, 90.0), (90.0, -90.0), (180.0, -180.0)])
@pytest.mark.parametrize("spelled", [">d", ">f"])
def test_a_roll_turns_the_other_way_round(roll, clockwise, spelled):
    assert turned(track(roll, spelled=spelled)) == clockwise


def numbered(number: int, roll: float) -> bytes:
    return track(roll).replace(
        element(matroska.TRACK_NUMBER, b"\1"), element(matroska.TRACK_NUMBER, bytes([number]))
    )


def test_each_track_has_a_turn_of_its_own():
    found = facts_of(numbered(3, -90.0), numbered(1, 0.0), numbered(2, 180.0))
    assert {number: each.turned for number, each in found.items()} == {3: 90.0, 1: 0.0, 2: -180.0}


@pytest.mark.parametrize(("flag", "is_enabled"), [(b"\0", False), (b"\1", True), (b"", True)])
def test_a_track_is_enabled_unless_it_says_otherwise(flag, is_enabled):
    told = track(0.0, 0, ">d", *([element(matroska.FLAG_ENABLED, flag)] if flag else []))
    assert facts_of(told)[1].is_enabled is is_enabled


@pytest.mark.parametrize(("kind", "is_encrypted"), [(0, False), (1, True)])
def test_a_track_may_be_encrypted(kind, is_encrypted):
    encoding = element(matroska.CONTENT_ENCODING, element(matroska.ENCODING_TYPE, bytes([kind])))
    told = track(0.0, 0, ">d", element(matroska.CONTENT_ENCODINGS, encoding))
    assert (facts_of(told)[1].encryption is not None) is is_encrypted


def test_a_sphere_is_not_turned():
    assert turned(track(90.0, projection=1)) == 0.0


def block(kind: int, time: int) -> bytes:
    content = b"\x81" + time.to_bytes(2, signed=True) + b"\x00frame"
    simple = kind == matroska.SIMPLE_BLOCK
    return element(kind, content if simple else element(matroska.BLOCK, content))


def cluster(start: int, *blocks: bytes, size: int | None = None) -> bytes:
    spelled = element(matroska.TIMESTAMP, start.to_bytes(4))
    return element(matroska.CLUSTER, spelled, *blocks, size=size)


def lasts(file: io.BytesIO) -> int | None:
    return read_duration_ms(file, len(file.getvalue()))


@pytest.mark.parametrize("size", [None, UNKNOWN])
def test_the_latest_block_of_the_last_cluster_is_the_end(size):
    blocks = [block(matroska.SIMPLE_BLOCK, 40), block(matroska.BLOCK_GROUP, 900)]
    last = cluster(5000, *blocks, block(matroska.SIMPLE_BLOCK, -20), size=size)
    assert lasts(movie(cluster(0, block(matroska.SIMPLE_BLOCK, 0)), last, size=size)) == 5900


def test_time_has_the_scale_of_the_header():
    info = element(matroska.INFO, element(matroska.TIMESTAMP_SCALE, (100_000).to_bytes(4)))
    assert lasts(movie(info, cluster(5000, block(matroska.SIMPLE_BLOCK, 0)))) == 500


def test_only_the_ends_of_a_long_file_are_read():
    many = [cluster(n, block(matroska.SIMPLE_BLOCK, 0), bytes(100_000)) for n in range(100)]
    file = movie(element(matroska.TRACKS, track(-90.0)), *many, size=UNKNOWN)
    assert (read_facts(file)[1].turned, lasts(file)) == (90.0, 99)


@pytest.mark.parametrize("parts", [(), (cluster(7),), (element(matroska.CLUSTER, b""),)])
def test_without_a_block_there_is_no_duration(parts):
    assert lasts(movie(*parts)) is None


def test_damage_is_read_over():
    whole = movie(
        element(matroska.TRACKS, track(-90.0)), cluster(9, block(matroska.SIMPLE_BLOCK, 1))
    ).getvalue()
    for seed in range(2000):
        chance = random.Random(seed)
        damaged = bytearray(whole)
        for _ in range(chance.randrange(1, 6)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        file = io.BytesIO(bytes(damaged[: chance.randrange(len(damaged) + 1)]))
        assert all(isinstance(each.turned, float) for each in read_facts(file).values())
        duration_ms = lasts(file)
        assert duration_ms is None or duration_ms > 0
