"""What people keep in `.env` stays on their machine: neither git nor a package takes it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PACKAGED = re.compile(r"[\w*})]\.(py|toml|gz)$")
"""How a pattern ends that takes no file but of a kind."""


class Loader(yaml.SafeLoader):
    """Reads what CloudFormation writes as tags for nothing."""


Loader.add_multi_constructor("!", lambda *_: None)


def read(path: Path) -> Any:
    return yaml.load(path.read_text("utf-8"), Loader)


def functions() -> Iterator[tuple[str, Any]]:
    for name, function in read(ROOT / "serverless.yml")["functions"].items():
        if isinstance(function, dict):
            yield name, function
    for path in sorted((ROOT / "resources").glob("*.yml")):
        if function := (read(path) or {}).get("function"):
            yield path.stem, function


FUNCTIONS = dict(functions())


def flat(patterns: list[Any]) -> Iterator[str]:
    for each in patterns:
        yield from [each] if isinstance(each, str) else flat(each)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_pattern_of_a_package_takes_an_env_file(name):
    patterns = list(flat(FUNCTIONS[name]["package"]["patterns"]))
    assert patterns
    assert [each for each in patterns if not PACKAGED.search(each)] == []


def test_packages_begin_with_nothing_and_the_file_is_read_by_sls():
    service = read(ROOT / "serverless.yml")
    assert service["package"]["patterns"] == ["!**"]
    assert service["useDotenv"] is True
    assert service["provider"]["environment"] == {"STAGE": "${sls:stage}"}


def test_layers_are_packaged_from_what_is_built_alone():
    for layer in read(ROOT / "serverless.yml")["layers"].values():
        if isinstance(layer, dict):
            assert layer["path"].startswith(".build/layers/")


def test_git_takes_none():
    assert {".env", ".env.*"} <= set((ROOT / ".gitignore").read_text("utf-8").splitlines())
