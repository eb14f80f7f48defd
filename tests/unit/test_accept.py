"""What browsers and programs accept, by what they send."""

import json
from pathlib import Path

import pytest

from lib.entrypoints.http.accept import understood

RECORDED = json.loads(
    (Path(__file__).parents[1] / "support" / "accept_headers.json").read_text(encoding="utf-8")
)
"""From MDN's list of default values and from requests that were made public; browsers that are
built of another's engine send what that one does."""


def formats(accept):
    return [mime.removeprefix("image/") for mime in understood(accept)]


@pytest.mark.parametrize("each", RECORDED, ids=lambda each: each["agents"][0])
def test_what_is_sent(each):
    assert formats(each["accept"]) == each["formats"]


def test_there_are_enough_of_them():
    assert sum(len(each["agents"]) for each in RECORDED) >= 60


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("image/avif", ["avif", "webp"]),
        ("IMAGE/AVIF ; Q=0.5", ["avif", "webp"]),
        ("image/avif;q=0.5,image/webp", ["webp"]),
        ("image/avif;q=0.5,image/webp;q=0.5", ["avif", "webp"]),
        ("image/avif;q=0,image/webp", ["webp"]),
        ("image/avif;q=0.0,image/webp;q=0", []),
        ("image/webp;q=0.9,image/jpeg", []),
        ("image/*;q=0.9,image/jpeg;q=0.1", []),
        ("image/avif;level=1;q=1.000", ["avif", "webp"]),
        ("image/avif;q=high", []),
        ("image/avif;q=", []),
        ("image/avif;q=-1", []),
        ("image/avif;q=9", ["avif", "webp"]),
        ("image/avif,image/webp;q=9", ["avif", "webp"]),
        ("image/avif;q=.5", []),
        ("image/avifs,image/web", []),
        (",,;;,=", []),
    ],
)
def test_weights(accept, wanted):
    assert formats(accept) == wanted
