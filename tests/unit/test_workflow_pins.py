"""Actions are pinned to commits, in the workflow and in the one that the documents show."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
USES = re.compile(r"uses: (\S+)(?: # (\S+))?")
PINNED = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40}")


def used(path: str) -> set[tuple[str, str]]:
    return set(USES.findall((ROOT / path).read_text("utf-8")))


def test_every_action_is_pinned_to_a_commit_and_says_its_release():
    for action, release in used(".github/workflows/ci.yml"):
        assert PINNED.fullmatch(action), action
        assert release.startswith("v"), action


def test_the_documents_show_the_same_commits():
    shown = used("docs/deploy.md")
    assert len(shown) == 4
    assert shown <= used(".github/workflows/ci.yml")
