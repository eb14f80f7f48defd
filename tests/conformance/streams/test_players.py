"""Streams in a browser: hls.js, dash.js, and the browser's own player."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.streams.damage import delay, second_segments
from tests.conformance.streams.flashes import FRAME_RATE, SECONDS, SIZE
from tests.conformance.streams.playlists import Master
from tests.conformance.streams.server import serve

FRAME_S = 1 / FRAME_RATE
FRAMES = round(SECONDS * FRAME_RATE)
MANIFESTS = {"hls": "hls.m3u8", "dash": "dash.mpd"}
LOST_FRAMES = 1
GAP_TICKS = 90_000
SEEKS_S = (3.98, 9.42, 0.02, 4.02, 8.0, 1.02)
"""Forwards, backwards, and next to borders of segments; in the middle of frames."""

Players = Callable[[str], Any]

PLAYERS = pytest.mark.parametrize("player", ["hls", "dash"])


def _call(function: str, player: str, url: str, argument: object = None) -> str:
    return f"{function}('{player}', '{url}', {argument or 'null'})"


@PLAYERS
def test_a_stream_plays_from_start_to_end(players: Players, address: str, player: str):
    _plays(players(_call("play", player, f"{address}/{MANIFESTS[player]}", 4)))


def test_the_progressive_file_plays_from_start_to_end(
    players: Players, address: str, progressive: Path
):
    _plays(players(_call("play", "file", f"{address}/{progressive.name}", 4)))


def _plays(report: dict[str, Any]) -> None:
    assert report["errors"] == []
    assert report["ended"]
    assert report["duration"] == pytest.approx(SECONDS, abs=FRAME_S)
    assert report["at"] == pytest.approx(report["duration"], abs=FRAME_S)
    assert all(a <= b for a, b in pairwise(report["times"]))
    assert all(a <= b for a, b in pairwise(report["shown"]))
    assert report["stalls"] == 0
    assert report["decoded"] == pytest.approx(FRAMES, abs=LOST_FRAMES)
    ((start, end),) = report["buffered"]
    assert start == pytest.approx(0, abs=FRAME_S)
    assert end == pytest.approx(SECONDS, abs=FRAME_S)


@PLAYERS
def test_seeking_shows_the_frame_of_that_moment(players: Players, address: str, player: str):
    _seeks(players(_call("seek", player, f"{address}/{MANIFESTS[player]}", list(SEEKS_S))))


def test_seeking_in_the_progressive_file_shows_the_frame_of_that_moment(
    players: Players, address: str, progressive: Path
):
    _seeks(players(_call("seek", "file", f"{address}/{progressive.name}", list(SEEKS_S))))


def _seeks(report: dict[str, Any]) -> None:
    frames = [int(at * FRAME_RATE + 1e-6) / FRAME_RATE for at in SEEKS_S]
    assert report["errors"] == []
    assert report["shown"] == [pytest.approx(at, abs=1e-3) for at in frames]


@PLAYERS
def test_changing_rungs_plays_on(players: Players, address: str, master: Master, player: str):
    last = len(master.rungs) - 1
    report = players(_call("change", player, f"{address}/{MANIFESTS[player]}", [last, 0, last]))
    sizes = [f"{each['width']}x{each['height']}" for each in report["sizes"]]
    # Players count them from the lowest, in whatever order they are listed.
    ascending = sorted(master.rungs, key=lambda rung: int(rung.said["BANDWIDTH"]))
    expected = [ascending[index].said["RESOLUTION"] for index in (last, 0, last)]
    assert report["errors"] == []
    assert sizes == expected
    assert all(each["changed"] for each in report["sizes"])
    assert report["ended"]


@PLAYERS
def test_sounds_and_subtitles_are_offered_and_play(players: Players, address: str, player: str):
    report = players(_call("listen", player, f"{address}/{MANIFESTS[player]}"))
    assert report["errors"] == []
    assert [each["lang"] for each in report["sounds"]] == ["en", "de"]
    assert report["heard"] == [True, True]
    assert [each["lang"] for each in report["texts"]] == ["en"]
    assert report["cues"] == [
        [
            {"startTime": 1, "endTime": 2, "text": "One"},
            {"startTime": 6, "endTime": 7.5, "text": "Two"},
        ]
    ]


def test_pictures_show(players: Players, address: str, stream: Path):
    pictures = sorted(
        path.name
        for kind in ("poster.*", "storyboard-*.jpg", "preview.webp")
        for path in stream.glob(kind)
    )
    sizes = dict(
        zip(pictures, players(f"look({[f'{address}/{name}' for name in pictures]})"), strict=True)
    )
    assert sizes["poster.jpg"] == list(SIZE)
    assert all(width and height for width, height in sizes.values())


# What follows breaks a stream, so that these tests are known to see it.


@PLAYERS
def test_a_missing_segment_does_not_pass(players: Players, broken: Path, player: str):
    for path in second_segments(broken):
        path.unlink()
    with serve(broken) as address:
        report = players(_call("play", player, f"{address}/{MANIFESTS[player]}", 4))
    assert report["errors"]


@PLAYERS
def test_a_gap_does_not_pass(players: Players, broken: Path, player: str):
    for path in second_segments(broken):
        delay(path, ticks=GAP_TICKS)
    with serve(broken) as address:
        report = players(_call("play", player, f"{address}/{MANIFESTS[player]}", 4))
    # A player may stop there before it has what comes behind.
    (_, end), *_ = report["buffered"]
    assert end < SECONDS - FRAME_S
