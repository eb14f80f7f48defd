"""WebVTT that is written here, as a browser reads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from lib.video.package.ass import Script, TextStyle, read_runs
from lib.video.package.cues import Cue
from lib.video.package.webvtt import serialize_cues
from tests.conformance.streams.browser import Browser
from tests.conformance.streams.server import serve

READ = """new Promise(
  (loaded) => document.readyState === "complete" ? loaded() : addEventListener("load", loaded)
).then(() => new Promise((resolve, reject) => {
  const video = document.createElement("video"), track = document.createElement("track");
  track.onload = () => resolve([...track.track.cues].map((cue) =>
    [cue.startTime, cue.endTime, cue.getCueAsHTML().textContent,
     [...cue.getCueAsHTML().querySelectorAll("*")].map((element) => element.localName).join(" ")]));
  track.onerror = () => reject(new Error("no track"));
  track.src = "subtitles.vtt";
  track.default = true;
  video.append(track);
  document.body.append(video);
  track.track.mode = "hidden";
}))"""

WORDS = {
    r"one\N\N00:00.000 --> 00:09.000\Nadded": "one\n00:00.000 --> 00:09.000\nadded",
    r"\N\NNOTE\N\NSTYLE\N::cue\{color:red\}": "\nNOTE\nSTYLE\n::cue{color:red}",
    "<script>alert(1)</script>&amp;<00:00.500><c.red>": (
        "<script>alert(1)</script>&amp;<00:00.500><c.red>"
    ),
    "a\rb\0c": "a b c",
}


@pytest.mark.parametrize("words", WORDS)
def test_words_are_shown_as_words(words: str, browser: Browser, tmp_path: Path) -> None:
    runs = (("before: ", TextStyle(italic=True)), *read_runs(words, TextStyle(), Script()))
    last = Cue(2000, 3_600_500, (("last", TextStyle(bold=True)),))
    (tmp_path / "subtitles.vtt").write_text(serialize_cues([Cue(100, 900, runs), last]), "utf-8")
    (tmp_path / "index.html").write_text("<!doctype html><title>subtitles</title>")
    with serve(tmp_path) as address:
        found = browser.evaluate(f"{address}/index.html", READ)
    shown = f"before: {WORDS[words]}"
    assert found == [[0.1, 0.9, shown, "i"], [2, 3600.5, "last", "b"]]
