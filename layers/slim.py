"""Take docstrings and comments out of the code in packages, which nobody reads there.

    python layers/slim.py PACKAGE.zip…

Every statement stays on its line, so that a traceback from AWS points into the repository.
"""

from __future__ import annotations

import ast
import io
import sys
import tokenize
import zipfile
from pathlib import Path

LEVEL = 9
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The oldest date that a zip can hold: the same code gives the same bytes."""


def slim(source: str) -> str:
    """Return Python source without docstrings, comments and other statements that are only text."""
    lines = source.splitlines(keepends=True)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column].rstrip() + "\n"
    for node in ast.walk(ast.parse(source)):
        body = getattr(node, "body", None)
        texts = [each for each in body if _is_text(each)] if isinstance(body, list) else []
        for text in texts:
            rows = slice(text.lineno - 1, text.end_lineno)
            lines[rows] = ["\n"] * len(lines[rows])
        if texts and len(texts) == len(body or ()) and not isinstance(node, ast.Module):
            lines[texts[0].lineno - 1] = " " * texts[0].col_offset + "...\n"
    return "".join(lines)


def _is_text(statement: ast.stmt) -> bool:
    value = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def slim_package(path: Path) -> None:
    """Write a package anew with slim code, its other files as they are."""
    with zipfile.ZipFile(path) as package:
        entries = [(entry, package.read(entry)) for entry in package.infolist()]
    unfinished = path.with_suffix(".unfinished")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as package:
        for entry, content in sorted(entries, key=lambda each: each[0].filename):
            kept = zipfile.ZipInfo(entry.filename, EPOCH)
            kept.external_attr = entry.external_attr
            if entry.filename.endswith(".py"):
                content = slim(content.decode()).encode()
            package.writestr(kept, content, zipfile.ZIP_DEFLATED, LEVEL)
    unfinished.replace(path)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        slim_package(Path(name))
