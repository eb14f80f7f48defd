"""Packages carry code without what only readers need, every statement on its own line."""

import ast
import zipfile
from pathlib import Path

import pytest

from layers.slim import slim, slim_package

ROOT = Path(__file__).parents[2]
SOURCE = '''"""A module."""  # said

VALUE = 1  # first
"""What it is.

At length."""


class Empty(Exception):
    """Nothing but text."""


def answer(question: str) -> str:
    # Think.
    """Answer."""
    return "# not a comment: " + question


def silence() -> None:
    """Say nothing."""
    "Really."


class Size:
    width: int = 1

    def of(
        self, *parts: dict[str, int], name: str = "é: ->", **more: object
    ) -> dict[str, int]:
        return {name: len(parts)}
'''


def statements(source):
    """Return (line, kind) of everything that does something."""
    return [
        (node.lineno, type(node).__name__)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.stmt)
        and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
    ]


def test_text_goes_and_statements_stay_where_they_are():
    slimmed = slim(SOURCE)
    for text in ("A module", "said", "first", "At length", "Nothing but", "Think", "Say", "Really"):
        assert text not in slimmed
    assert '"# not a comment: "' in slimmed
    assert statements(slimmed) == statements(SOURCE)


def test_annotations_of_functions_go_and_those_of_classes_stay():
    slimmed = slim(SOURCE)
    assert "def answer(question):" in slimmed
    assert 'self, *parts, name = "é: ->", **more' in slimmed
    assert "    width: int = 1" in slimmed
    assert slimmed.count("->") == 1


def test_it_still_does_what_it_did():
    names: dict[str, object] = {}
    exec(compile(slim(SOURCE), "slim", "exec"), names)
    assert names["VALUE"] == 1
    assert eval("answer('?')", names) == "# not a comment: ?"
    assert eval("silence()", names) is None


@pytest.mark.parametrize("folder", ["lib", "handlers"])
def test_all_of_our_code_survives_it(folder):
    files = list((ROOT / folder).rglob("*.py"))
    assert files
    for file in files:
        source = file.read_text()
        assert statements(slim(source)) == statements(source), file


def test_a_package_keeps_its_files_and_modes_and_is_the_same_every_time(tmp_path):
    path = tmp_path / "code.zip"
    with zipfile.ZipFile(path, "w") as package:
        entry = zipfile.ZipInfo("lib/b.py", (2024, 1, 2, 3, 4, 6))
        entry.external_attr = 0o644 << 16
        package.writestr(entry, SOURCE)
        package.writestr("a.toml", "# kept\n")
    slim_package(path)
    once = path.read_bytes()
    with zipfile.ZipFile(path) as package:
        assert package.namelist() == ["a.toml", "lib/b.py"]
        assert package.read("a.toml") == b"# kept\n"
        assert package.read("lib/b.py").decode() == slim(SOURCE)
        assert package.getinfo("lib/b.py").external_attr == 0o644 << 16
    slim_package(path)
    assert path.read_bytes() == once
    assert list(tmp_path.iterdir()) == [path]
