"""Every param of serverless.yml stands in docs/deploy.md, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]


class Loader(yaml.SafeLoader):
    """Reads what CloudFormation writes as tags for nothing."""


Loader.add_multi_constructor("!", lambda *_: None)
PARAMS = yaml.load((ROOT / "serverless.yml").read_text("utf-8"), Loader)["params"]


def documented() -> list[str]:
    text = (ROOT / "docs" / "deploy.md").read_text("utf-8")
    section = text.partition("\n## Params\n")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| (`[^|]*) \|", section, re.MULTILINE)
    return [name for cell in cells for name in re.findall(r"`(\w+)`", cell)]


@pytest.mark.parametrize("name", PARAMS["default"])
def test_a_param_has_its_row(name):
    assert documented().count(name) == 1


@pytest.mark.parametrize("stage", PARAMS)
def test_a_stage_sets_what_has_a_default(stage):
    """Else `--param` takes it for that stage alone, and the documents don't tell."""
    assert PARAMS[stage].keys() <= PARAMS["default"].keys()
