"""The examples of docs/examples stay small, and what they use is pinned."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"
CODE = {
    "uppy": ("main.js", "public/index.html"),
    "express": ("server.js", "page.html"),
    "fastapi": ("app.py", "page.html"),
}
MOST_LINES = 80
"""Of what a reader writes, comments too; blank lines are nobody's work."""


@pytest.mark.parametrize("name", CODE)
def test_an_example_is_short(name):
    texts = [(EXAMPLES / name / file).read_text("utf-8") for file in CODE[name]]
    lines = [line for text in texts for line in text.splitlines() if line.strip()]
    assert len(lines) <= MOST_LINES
    assert max(map(len, lines)) <= 100


def test_every_example_is_looked_at():
    folders = {each.name for each in EXAMPLES.iterdir() if each.is_dir()}
    assert folders == set(CODE)


@pytest.mark.parametrize("name", ["uppy", "express"])
def test_a_lock_file_holds_each_package_to_what_it_was(name):
    wanted = json.loads((EXAMPLES / name / "package.json").read_text())["dependencies"]
    locked = json.loads((EXAMPLES / name / "package-lock.json").read_text())["packages"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", each) for each in wanted.values())
    assert locked[""]["dependencies"] == wanted
    assert all(each["integrity"] for path, each in locked.items() if path)
    assert "cdn" not in (EXAMPLES / name / CODE[name][1]).read_text().lower()


def test_the_python_example_is_locked_by_hashes():
    lock = (EXAMPLES / "fastapi" / "requirements.txt").read_text()
    wanted = (EXAMPLES / "fastapi" / "requirements.in").read_text().split()
    assert all(re.search(rf"^{name}==\S+ \\$", lock, re.MULTILINE) for name in wanted)
    pinned = re.findall(r"^\S+==.*\n +--hash=sha256:", lock, re.MULTILINE)
    assert len(pinned) == len(re.findall(r"^\S+==", lock, re.MULTILINE))
