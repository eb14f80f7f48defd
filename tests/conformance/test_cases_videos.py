"""Videos and sounds with faults of the field's own: each becomes what its right values say.

Where a case is for both paths, the one job and the steps of a long source have to give them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.conformance.cases.case import EXPECTED, Case, read_cases
from tests.conformance.cases.take_video import VIDEOS, judge_paths, paths_of
from tests.media import case_video_kinds, case_videos
from tests.support.matrix_jobs import JOBS

CASES = read_cases(VIDEOS)
BOTH = [(case, path) for case in CASES for path in paths_of(case)]
Judge = Callable[[Case, str], list[str]]


def _param(case: Case, path: str) -> object:
    return pytest.param(case, path, id=f"{case.name} {path}")


@pytest.fixture(scope="module")
def judged(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Judge]:
    """Judge what is asked for, several at once; return what gives the differences of one."""
    folder = tmp_path_factory.mktemp("cases")
    items = (item for item in request.session.items if item.path == request.path)
    asked = {item.name.partition("[")[2].removesuffix("]") for item in items}
    waiting: dict[str, Future[dict[str, list[str]]]] = {}
    with ThreadPoolExecutor(JOBS) as pool:
        for case in CASES:
            paths = [path for path in paths_of(case) if f"{case.name} {path}" in asked]
            if paths:
                own = folder / case.name
                own.mkdir()
                waiting[case.name] = pool.submit(judge_paths, case, paths, own)
        yield lambda case, path: waiting[case.name].result()[path]


@pytest.mark.parametrize(("case", "path"), [_param(*each) for each in BOTH])
def test_a_video_becomes_what_is_right(case: Case, path: str, judged: Judge) -> None:
    assert judged(case, path) == []


def test_every_file_has_its_right_values() -> None:
    there = {path.name for path in VIDEOS.iterdir()} - {EXPECTED}
    made = {*case_videos.MAKERS, *case_video_kinds.MAKERS}
    made |= {case.name for case in CASES if "make" in case.facts}
    assert there | made == {case.name for case in CASES}
    assert there & made == set()
