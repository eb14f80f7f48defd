import io

import pytest

from lib.video.isobmff import MOST_CONTENT_BYTES, Box, box, children, find, read_boxes, read_content


class Watched(io.BytesIO):
    """A file that counts the bytes that are read."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.taken += len(data)
        return data


def test_the_outermost_boxes_are_found_without_their_content():
    file = Watched(box(b"ftyp", b"isom") + box(b"mdat", bytes(1_000_000)) + box(b"moov", b"x"))
    assert [(each.kind, each.end - each.body) for each in read_boxes(file)] == [
        (b"ftyp", 4),
        (b"mdat", 1_000_000),
        (b"moov", 1),
    ]
    assert file.taken < 100


def test_a_box_may_say_its_size_in_64_bits():
    long = (1).to_bytes(4, "big") + b"mdat" + (20).to_bytes(8, "big") + b"data"
    file = io.BytesIO(long + box(b"free"))
    first, second = read_boxes(file)
    assert (read_content(file, first), second.kind) == (b"data", b"free")


def test_boxes_are_found_inside_of_boxes():
    moov = box(b"mvhd", b"1") + box(b"trak", box(b"tkhd", b"2"), box(b"mdia", b"3"))
    assert [kind for kind, _ in children(moov)] == [b"mvhd", b"trak"]
    assert find(moov, b"trak", b"mdia") == b"3"
    with pytest.raises(ValueError, match="found no b'edts'"):
        find(moov, b"trak", b"edts")


@pytest.mark.parametrize(
    "damaged",
    [
        box(b"moov", b"content")[:-1],
        b"\0\0\0\7moov",
        b"\0\0\0\0moov",
        b"\0\0",
        box(b"free") + (1).to_bytes(4, "big") + b"mdat" + (15).to_bytes(8, "big"),
    ],
)
def test_a_box_must_fit(damaged):
    with pytest.raises(ValueError, match="expected a box within"):
        list(read_boxes(io.BytesIO(damaged)))
    with pytest.raises(ValueError, match="expected a box within"):
        list(children(damaged))


def test_what_is_read_into_memory_is_bounded():
    with pytest.raises(ValueError, match="expected at most"):
        read_content(io.BytesIO(), Box(b"moov", 0, 8, MOST_CONTENT_BYTES + 9))
