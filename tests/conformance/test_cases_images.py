"""Images with faults of the field's own: each becomes what its right values say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from lib.adapters.sandbox.sandbox import Sandbox
from lib.imaging.port import Images
from tests.conformance.cases.case import EXPECTED, Case, read_cases
from tests.conformance.cases.judge_image import IMAGES, judge_image
from tests.media import case_images

CASES = read_cases(IMAGES)
NAMED = [pytest.param(case, id=case.name) for case in CASES]


@pytest.fixture(scope="module")
def images() -> Iterator[Images]:
    with closing(Sandbox()) as sandbox:
        yield sandbox


@pytest.mark.parametrize("case", NAMED)
def test_an_image_becomes_what_is_right(case: Case, images: Images) -> None:
    assert judge_image(case, images) == []


def test_every_file_has_its_right_values() -> None:
    there = {path.name for path in IMAGES.iterdir()} - {EXPECTED}
    assert there | set(case_images.MAKERS) == {case.name for case in CASES}
    assert there & set(case_images.MAKERS) == set()
