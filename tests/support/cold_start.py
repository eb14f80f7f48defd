"""Start a handler as Lambda does: `python -I -S cold_start.py HANDLER TASK OPT_PYTHON RUNTIME`.

Then import whatever the package's own modules import later, inside functions or by a name in a
string, so that what is missing shows now. Standard library only: it runs where nothing else is.
"""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

NAMED_IN_A_STRING = re.compile(r"(?P<module>(PIL|pillow_heif|lib)(\.\w+)+)(:\w+)?")
"""A module, or what is called in one: `lib.adapters.sandbox.zygote:serve`."""


OF_A_PART = {"cryptography": "DELIVERY_KEY_PAIR_ID"}
"""Libraries that some stages have a layer of ▸ the variable that is set there."""


def imports(tree: ast.AST) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield each module, with the names taken from it, that a module imports at any time."""
    for node in ast.iter_child_nodes(tree):
        match node:
            case ast.Import(names=names):
                yield from ((alias.name, ()) for alias in names)
            case ast.ImportFrom(module=str(module), names=names):
                yield module, tuple(alias.name for alias in names)
            case ast.Constant(value=str(text)) if named := NAMED_IN_A_STRING.fullmatch(text):
                yield named["module"], ()
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                continue
            case _:
                yield from imports(node)


def main(handler: str, task: str, *folders: str) -> None:
    """Import the handler, then the rest. Raises ImportError."""
    own = str(Path(__file__).parent)
    # Lambda's order: the function's own code first, then its layers, then the runtime.
    sys.path[:] = [task, *folders, *(path for path in sys.path if path != own)]
    module, function = handler.replace("/", ".").rsplit(".", 1)
    assert callable(getattr(import_module(module), function))
    read: set[str] = set()
    while unread := _own_files(task) - read:
        for file in unread:
            for name, members in imports(ast.parse(Path(file).read_bytes())):
                if not os.environ.get(OF_A_PART.get(name.split(".")[0], "PATH")):
                    continue
                imported = import_module(name)
                for member in members:
                    if not hasattr(imported, member):
                        import_module(f"{name}.{member}")
        read |= unread


def _own_files(task: str) -> set[str]:
    files = (getattr(module, "__file__", None) or "" for module in list(sys.modules.values()))
    return {file for file in files if file.startswith(task)}


if __name__ == "__main__":
    main(*sys.argv[1:])
