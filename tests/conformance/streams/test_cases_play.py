"""Videos with faults of the field's own, in players: they play from the start to the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.cases.case import read_cases
from tests.conformance.cases.take_video import VIDEOS, take_case
from tests.conformance.streams.server import serve
from tests.support.matrix_jobs import Ended

PLAYED = {case.name: case for case in read_cases(VIDEOS) if "plays_to_end" in case.facts}
OPENED = {
    "hls.js": ("hls", "hls.m3u8"),
    "dash.js": ("dash", "dash.mpd"),
    "shaka": ("shaka", "dash.mpd"),
}
"""A player as the right values call it: as player.mjs does, and what it opens."""

RATE = 4
END_S = 0.1


def _params() -> Iterator[Any]:
    for case in PLAYED.values():
        for player in case.facts["plays_to_end"]:
            yield pytest.param(case.name, player, id=f"{case.name} {player}")


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Ended]:
    """Return what gives a case's outcome, and takes it once."""
    taken: dict[str, Ended] = {}

    def find(name: str) -> Ended:
        if name not in taken:
            taken[name] = take_case(PLAYED[name], "short", tmp_path_factory.mktemp("case"))
        return taken[name]

    return find


@pytest.mark.parametrize(("name", "player"), list(_params()))
def test_a_case_plays_from_start_to_end(
    name: str, player: str, ended: Callable[[str], Ended], players: Callable[[str], Any]
) -> None:
    result = ended(name)
    if "audio.m4a" in result.names():
        assert "or_" in PLAYED[name].facts
        kind, opened = "file", "audio.m4a"
    else:
        kind, opened = OPENED[player]
    path: Path = result.path(opened)
    lasts = {each.name: each.duration_ms for each in result.asset.renditions}[opened]
    assert lasts
    with serve(path.parent) as address:
        report = players(f"play('{kind}', '{address}/{opened}', {RATE})")
    assert report["errors"] == []
    assert report["ended"]
    assert report["stalls"] == 0
    assert report["duration"] == pytest.approx(lasts / 1000, abs=END_S)
    assert report["at"] == pytest.approx(report["duration"], abs=END_S)
