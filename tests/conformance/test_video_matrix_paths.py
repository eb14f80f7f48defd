"""Sources of every kind on both paths: ranges that are joined give what the one job gives."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from lib.domain.media import WarningCode
from tests.conformance.cases.made_video import MadeVideo
from tests.conformance.cases.take_video import PATHS, recipes
from tests.media.matrix import Case, build, cases
from tests.support.ffmpeg_binary import find_ffmpeg
from tests.support.matrix_jobs import JOBS, Worker, take

SECONDS = 3
"""With segments of one: a first range, one in the middle, and a last."""

SEGMENT_S = 1
RUNG = 90

FRAME_S = 0.0006
"""Each container rounds a time in its own way."""

BLOCK_S = 1024 / 48_000
"""Of AAC."""

TINY = (16, 16)
"""px to which frames are scaled, in grey, before they are compared."""

LEVELS = 0.7
"""In the mean of a frame: in another group of pictures it is encoded differently, by up to 0.4. To
the next frame it is 0.9 to 2 mostly."""

STARVED = ("narrow.mp4",)
"""Of 16 px, what a rung may have is too little for any frame to look like the source's."""

CASES = cases()
Both = Callable[[Case], dict[str, MadeVideo]]


def _take_both(case: Case, folder: Path) -> dict[str, MadeVideo]:
    source = build(case, folder, find_ffmpeg(), SECONDS)
    made = {}
    for path, process in PATHS.items():
        (folder / path).mkdir()
        worker = Worker(recipes(RUNG, SEGMENT_S), find_ffmpeg(), process)
        made[path] = MadeVideo(take(source, worker, folder / path))
    return made


@pytest.fixture(scope="module")
def both(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Both]:
    """Take what is asked for along both paths, several at once."""
    folder = tmp_path_factory.mktemp("both")
    asked = {item.name for item in request.session.items if item.path == request.path}
    waiting: dict[str, Future[dict[str, MadeVideo]]] = {}
    with ThreadPoolExecutor(JOBS) as pool:
        for case in CASES:
            if any(f"[{case.name}]" in each for each in asked):
                (folder / case.name).mkdir()
                waiting[case.name] = pool.submit(_take_both, case, folder / case.name)
        yield lambda case: waiting[case.name].result()


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_both_paths_give_the_same(case: Case, both: Both) -> None:
    short, long = both(case).values()
    assert (short.ended.problem, long.ended.problem) == (None, None)
    assert (long.asset.status, long.asset.error) == (short.asset.status, short.asset.error)
    assert long.ended.names() == short.ended.names()
    assert long.ended.left == ()
    assert WarningCode.DAMAGED not in {*_warned(short), *_warned(long)}
    assert long.frames == [pytest.approx(each, abs=FRAME_S) for each in short.frames]
    assert long.sound_s == pytest.approx(short.sound_s, abs=BLOCK_S)
    if short.frames and case.name not in STARVED:
        pairs = zip(_tiny(short), _tiny(long), strict=True)
        differences = [sum(map(_apart, *each)) / len(each[0]) for each in pairs]
        assert max(differences) < LEVELS, differences.index(max(differences))


def test_ranges_are_cut_and_joined(both: Both) -> None:
    """What is compared is not one range that is a whole source."""
    cut = [case for case in CASES if case.size and len(_segments(both(case)["long"])) > 1]
    assert len(cut) > 0.8 * sum(case.size is not None for case in CASES)


def _warned(made: MadeVideo) -> list[WarningCode]:
    return [each.code for each in made.asset.probe.warnings]


def _segments(made: MadeVideo) -> list[Path]:
    return [each for each in made.ended.files() if each.match("h264-*/*.m4s")]


def _tiny(made: MadeVideo) -> list[bytes]:
    """Return every frame of the plain file, scaled to `TINY`, in grey."""
    assert made.file
    scaled = f"scale={TINY[0]}:{TINY[1]}:flags=area,format=gray"
    plain = ["-vf", scaled, "-fps_mode", "passthrough", "-f", "rawvideo", "-"]
    command = [find_ffmpeg(), "-v", "error", "-nostdin", "-i", f"file:{made.file}", *plain]
    content = subprocess.run(command, capture_output=True, check=True).stdout
    size = TINY[0] * TINY[1]
    return [content[at : at + size] for at in range(0, len(content), size)]


def _apart(one: int, other: int) -> int:
    return abs(one - other)
