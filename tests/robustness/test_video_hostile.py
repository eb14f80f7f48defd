"""Files of a few KB that ask for hours of work, or for all memory: each ends soon, and says why."""

from __future__ import annotations

import io
import resource
import struct
import subprocess
from pathlib import Path

import pytest

from lib.domain.asset import AssetStatus
from lib.domain.errors import ErrorCode, PermanentError
from lib.domain.media import Probe
from lib.presets import PACKAGED, load
from lib.video.probe.limits import check_limits
from lib.video.probe.mediainfo import read_probe
from tests.media.matrix import build, cases
from tests.support.ffmpeg_binary import find_ffmpeg
from tests.support.matrix_jobs import Worker, small, take

PRESETS = load(PACKAGED)
BY_NAME = {case.name: case for case in cases()}
MOST = b"\xff\xff\xff\xff"
PARENT_MB = 50
"""What this process may grow by; the tables would take gigabytes."""


def claim_most(data: bytes, box: bytes) -> bytes:
    """Return an MP4 whose table says that it has 4,294,967,295 entries."""
    at = data.index(box) + 8
    return data[:at] + MOST + data[at + 4 :]


def refused(data: bytes) -> PermanentError:
    def work() -> Probe:
        probe = read_probe(io.BytesIO(data), "mov")
        check_limits(probe, PRESETS.limits)
        return probe

    with pytest.raises(PermanentError) as caught:
        work()
    return caught.value


@pytest.mark.parametrize(
    ("case", "box", "code"),
    [
        ("index-first.mp4", b"elst", ErrorCode.CORRUPT_MEDIA),
        ("index-first.mp4", b"stts", ErrorCode.CORRUPT_MEDIA),
        ("fragmented.mp4", b"trun", ErrorCode.LIMIT_EXCEEDED),
    ],
)
def test_a_table_that_says_it_is_endless_is_refused(
    case: str, box: bytes, code: ErrorCode, tmp_path: Path
) -> None:
    data = claim_most(build(BY_NAME[case], tmp_path, find_ffmpeg()).read_bytes(), box)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert refused(data).code is code
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < PARENT_MB * 1024


def test_what_lasts_longer_than_its_bytes_are_worth_is_refused_whatever_it_says(
    tmp_path: Path,
) -> None:
    # The second half of the sound comes an hour after the first; the header says one second.
    gap = "asetpts='if(lt(T,0.5),PTS,PTS+3600/TB)'"
    sources = ("-f", "lavfi", "-i", "testsrc2=s=64x64:r=8:d=1", "-f", "lavfi", "-i", "sine=d=1")
    path = tmp_path / "gap.mkv"
    command = [find_ffmpeg(), "-v", "error", "-nostdin", *sources, "-af", gap, "-c:a", "flac"]
    subprocess.run([*command, "-preset", "ultrafast", path], check=True)
    data = bytearray(path.read_bytes())
    # Duration: id 0x4489, size 8, a double of ms.
    at = data.index(b"\x44\x89\x88") + 3
    assert struct.unpack_from(">d", data, at)[0] > 3_000_000
    struct.pack_into(">d", data, at, 1000.0)
    path.write_bytes(data.replace(b"01:00:0", b"00:00:0"))
    result = take(path, Worker(small(PRESETS, ()), find_ffmpeg()), tmp_path)
    assert (result.problem, result.asset.status) == (None, AssetStatus.REJECTED)
    assert result.asset.error
    assert "3601 s" in result.asset.error.message
