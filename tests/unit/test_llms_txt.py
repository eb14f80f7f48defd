"""llms.txt, as https://llmstxt.org describes it: a title, a summary, links that lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LINES = (ROOT / "llms.txt").read_text("utf-8").splitlines()
ENTRY = re.compile(r"- \[[^\]]+\]\(([^)\s]+)\): \S.*")
MOST_LINES = 60


def links() -> list[str]:
    return [found[1] for line in LINES if (found := ENTRY.fullmatch(line))]


def test_it_begins_with_one_title_and_a_summary():
    assert LINES[0].startswith("# ")
    assert LINES[1:3][0] == ""
    assert LINES[2].startswith("> ")
    assert [line for line in LINES[1:] if line.startswith("# ")] == []
    assert len(LINES) <= MOST_LINES


def test_its_sections_hold_nothing_but_links():
    first = next(index for index, line in enumerate(LINES) if line.startswith("## "))
    held = [line for line in LINES[first:] if line and not line.startswith("## ")]
    assert [line for line in held if not ENTRY.fullmatch(line)] == []


def test_every_link_leads_to_a_file():
    assert [each for each in links() if not (ROOT / each).is_file()] == []
    assert len(links()) == len(set(links()))


def test_every_document_has_its_link():
    pages = {f"docs/{each.name}" for each in (ROOT / "docs").glob("*.md")}
    pages |= {each.name for each in ROOT.glob("*.md")}
    assert pages - set(links()) == set()
