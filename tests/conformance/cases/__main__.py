"""Judge single cases: `python -m tests.conformance.cases [NAME | FOLDER]…`.

A name is that of a file here, a folder one with an `expected.toml` and the files that it names; as
NAME one of its files, too. Prints what differs, and ends with 1 where something does.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from lib.adapters.sandbox.sandbox import Sandbox
from tests.conformance.cases.case import EXPECTED, Case, read_cases
from tests.conformance.cases.judge_image import IMAGES, judge_image
from tests.conformance.cases.take_video import VIDEOS, judge_case, paths_of
from tests.media import case_images, case_video_kinds, case_videos

FOLDERS = (IMAGES, VIDEOS)
MADE = {*case_images.MAKERS, *case_videos.MAKERS, *case_video_kinds.MAKERS}


def find_cases(names: Sequence[str]) -> Iterator[Case]:
    """Yield the cases that are asked for, or all. Raises SystemExit for a name that has none."""
    if not names:
        names = [str(each) for each in FOLDERS]
    for name in names:
        path = Path(name)
        if (path / EXPECTED).is_file():
            yield from read_cases(path)
            continue
        beside = [path.parent] if (path.parent / EXPECTED).is_file() else FOLDERS
        found = [case for each in beside for case in read_cases(each) if case.name == path.name]
        if not found:
            raise SystemExit(f"no {EXPECTED} names {name}")
        yield from found


def main(names: Sequence[str]) -> int:
    """Judge and print each case; return 1 where one differs."""
    wrong = 0
    with closing(Sandbox()) as images:
        for case in find_cases(names):
            for title, differences in judge(case, images):
                wrong += bool(differences)
                print(
                    "\n    ".join(
                        [f"{title}: {'differs' if differences else 'right'}", *differences]
                    )
                )
    print(f"{wrong} differ")
    return int(wrong > 0)


def judge(case: Case, images: Sandbox) -> Iterator[tuple[str, list[str]]]:
    """Yield the name of a case, with each path of a video, and what differs."""
    if not (case.path.is_file() or "make" in case.facts or case.name in MADE):
        yield case.name, ["the file is not there"]
    elif "path" not in case.facts:  # what only videos have
        yield case.name, judge_image(case, images)
    else:
        for path in paths_of(case):
            with TemporaryDirectory() as folder:
                yield f"{case.name} {path}", judge_case(case, path, Path(folder))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
