"""What a param means, whether it comes from YAML or from the command line."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

VALUES = Path(__file__).resolve().parents[2] / "resources/values.js"
LOOK = """
const { isOn, listOf } = require(process.argv[1]);
const asked = JSON.parse(require('node:fs').readFileSync(0));
console.log(JSON.stringify(asked.map((each) => [isOn(each), listOf(each)])));
"""
CASES: tuple[tuple[Any, bool, list[str]], ...] = (
    (None, False, []),
    ("", False, []),
    (False, False, ["false"]),
    ("false", False, ["false"]),
    (True, True, ["true"]),
    ("true", True, ["true"]),
    ("https://a.example, https://b.example", True, ["https://a.example", "https://b.example"]),
    (
        ["https://a.example", " https://b.example,"],
        True,
        ["https://a.example", "https://b.example"],
    ),
    (12345, True, ["12345"]),
    ([12345], True, ["12345"]),
)


@pytest.fixture(scope="module")
def read() -> list[list[Any]]:
    asked = json.dumps([value for value, _, _ in CASES])
    done = subprocess.run(
        ["node", "-e", LOOK, str(VALUES)], input=asked, capture_output=True, text=True, check=True
    )
    found: list[list[Any]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("number", range(len(CASES)))
def test_a_value_is_read_alike_wherever_it_comes_from(read: list[list[Any]], number: int) -> None:
    _, is_on, listed = CASES[number]
    assert read[number] == [is_on, listed]
