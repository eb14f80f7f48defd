"""Tags of a stage as they are written: in serverless.yml, after `--param`, in the environment."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
READ = """
const { readTags } = require(process.argv[1]);
console.log(JSON.stringify(readTags(JSON.parse(process.argv[2]))));
"""


def read(given: Any) -> subprocess.CompletedProcess[str]:
    command = ["node", "-e", READ, str(ROOT / "resources" / "tags.js"), json.dumps(given)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("given", "tags"),
    [
        ("", {}),
        ("team=media", {"team": "media"}),
        (" team = media , owner=a=b,", {"team": "media", "owner": "a=b"}),
        ("note=", {"note": ""}),
        ({"team": "media", "cost-center": 42}, {"team": "media", "cost-center": "42"}),
    ],
)
def test_tags_are_read_in_each_way_that_they_can_be_written(given, tags):
    assert json.loads(read(given).stdout) == tags


@pytest.mark.parametrize("given", ["media", "=media", "team=media,42"])
def test_a_tag_without_a_name_is_refused(given):
    assert "expected name=value,… for the param tags but received" in read(given).stderr
