"""Judge single cases: `python -m tests.conformance.cases [NAME | FOLDER]…`.

A name is that of a file here, a folder one with an `expected.toml` and the files that it names; as
NAME one of its files, too. Prints what differs, and ends with 1 where something does.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from lib.adapters.sandbox.sandbox import Sandbox
from lib.domain.media import MediaType
from lib.sniff import HEAD_BYTES, sniff
from tests.conformance.cases.case import EXPECTED, Case, read_cases
from tests.conformance.cases.judge_image import IMAGES, judge_image

FOLDERS = (IMAGES,)


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
            differences = judge(case, images)
            wrong += bool(differences)
            print(f"{case.name}: {'right' if not differences else ''}")
            for each in differences:
                print(f"    {each}")
    print(f"{wrong} differ")
    return int(wrong > 0)


def judge(case: Case, images: Sandbox) -> list[str]:
    """Return what differs of a case."""
    if not case.path.is_file():
        return ["the file is not there"]
    with case.path.open("rb") as file:
        found = sniff(file.read(HEAD_BYTES)).media_type
    if found is MediaType.IMAGE or "path" not in case.facts:
        return judge_image(case, images)
    return ["videos are not judged here yet"]


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
