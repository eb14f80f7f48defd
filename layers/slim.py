"""Take docstrings, comments and functions' annotations out of packages: nobody reads them there.

    python layers/slim.py PACKAGE.zip…

Every statement stays on its line, so that a traceback from AWS points into the repository.
"""

from __future__ import annotations

import ast
import io
import sys
import tokenize
import zipfile
from functools import cache
from pathlib import Path

LEVEL = 9
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The oldest date that a zip can hold: the same code gives the same bytes."""


@cache  # most files are in most packages
def slim(source: str) -> str:
    """Return Python source without comments, statements that are only text, and annotations.

    Those of classes stay, which make dataclasses what they are.
    """
    lines = _without_annotations(source).splitlines(keepends=True)
    for token in tokenize.generate_tokens(io.StringIO("".join(lines)).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column].rstrip() + "\n"
    for node in ast.walk(ast.parse("".join(lines))):
        body = getattr(node, "body", None)
        texts = [each for each in body if _is_text(each)] if isinstance(body, list) else []
        for text in texts:
            rows = slice(text.lineno - 1, text.end_lineno)
            lines[rows] = ["\n"] * len(lines[rows])
        if texts and len(texts) == len(body or ()) and not isinstance(node, ast.Module):
            lines[texts[0].lineno - 1] = " " * texts[0].col_offset + "...\n"
    return "".join(lines)


def _without_annotations(source: str) -> str:
    """Return source whose functions are not annotated, where an annotation fits on one line."""
    lines = source.encode().splitlines(keepends=True)
    found: list[tuple[ast.expr, bytes]] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.arg) and node.annotation:
            found.append((node.annotation, b":"))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns:
            found.append((node.returns, b"->"))
    # From the right, so that the places of those before stay what they are.
    found.sort(key=lambda each: (each[0].lineno, each[0].col_offset), reverse=True)
    for annotation, mark in found:
        line = lines[annotation.lineno - 1]
        start = line.rfind(mark, 0, annotation.col_offset)
        if annotation.lineno == annotation.end_lineno and start >= 0:
            lines[annotation.lineno - 1] = line[:start].rstrip() + line[annotation.end_col_offset :]
    return b"".join(lines).decode()


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
