"""What `npm run demo -- --keep` says at its end."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from lib.cli import demo
from lib.tools.stack import Stack

GALLERY = "http://localhost:4566/_aws/execute-api/abc/$default/"


def test_keeping_ends_with_the_gallerys_address(capsys):
    environment = dict.fromkeys(demo.FOR_OTHER_TOOLS, "value")
    running = SimpleNamespace(endpoint="http://e", environment=environment, log=Path("log"))
    stack = Stack("local", "uploads", "renditions", "catalog", {"GalleryUrl": GALLERY})
    demo._explain_keeping(cast(Any, running), stack)
    assert capsys.readouterr().out.split()[-1] == GALLERY
