"""Change a line of the functions that the model runs, and change it back.

The functions stay the objects that they are, wherever they are bound: only their code is another.
Constants are replaced wherever they were imported to.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Any

from tests.robustness.model.code import Code
from tests.robustness.model.deployment import ROOT


@dataclass(frozen=True, slots=True)
class Mutant:
    """A change of one place in a file that has to break something.

    `old` has to be in the file exactly once.
    """

    name: str
    path: str
    old: str
    new: str

    def changed(self) -> str:
        """Return the changed file. Raises LookupError where the place is not found."""
        text = (ROOT / self.path).read_text()
        if text.count(self.old) != 1:
            raise LookupError(f"{self.name}: {self.path} has {text.count(self.old)} × {self.old!r}")
        return text.replace(self.old, self.new)


@contextmanager
def applied(mutant: Mutant, code: Code) -> Iterator[None]:
    """Run with a mutant, inside of `code.installed()`. Raises LookupError, or where it is none."""
    name = mutant.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    module = code.modules[name]
    other = ModuleType(name)
    other.__file__ = module.__file__
    exec(compile(mutant.changed(), mutant.path, "exec"), vars(other))
    undo = [*_swap(vars(module), vars(other), name, code)]
    try:
        if not undo:
            raise LookupError(f"{mutant.name} changes nothing")
        yield
    finally:
        for obj, attribute, before in reversed(undo):
            setattr(obj, attribute, before)


Undo = tuple[Any, str, Any]


def _swap(
    ours: Mapping[str, Any], others: Mapping[str, Any], name: str, code: Code
) -> Iterator[Undo]:
    for attribute, other in others.items():
        mine = ours.get(attribute)
        if inspect.isclass(other) and inspect.isclass(mine) and other.__module__ == name:
            for method, inner in vars(other).items():
                yield from _swap_function(vars(mine).get(method), inner, name)
        elif isinstance(mine, str | int | float | tuple | frozenset | dict):
            if not attribute.startswith("__") and mine != other:
                yield from _replace(attribute, mine, other, code)
        else:
            yield from _swap_function(mine, other, name)


def _swap_function(mine: Any, other: Any, name: str) -> Iterator[Undo]:
    """Give a function the code of another; through decorators too."""
    mine, other = _plain(mine), _plain(other)
    if not isinstance(mine, FunctionType) or not isinstance(other, FunctionType):
        return
    if mine.__module__ != name or _same(mine, other):
        return
    for attribute in ("__code__", "__defaults__", "__kwdefaults__"):
        yield mine, attribute, getattr(mine, attribute)
        setattr(mine, attribute, getattr(other, attribute))


def _plain(found: Any) -> Any:
    if isinstance(found, property):
        found = found.fget
    if isinstance(found, staticmethod | classmethod):
        found = found.__func__
    return inspect.unwrap(found) if callable(found) else found


def _same(mine: FunctionType, other: FunctionType) -> bool:
    return _content(mine.__code__) == _content(other.__code__)


def _content(code: Any) -> tuple[Any, ...]:
    constants = tuple(
        _content(each) if hasattr(each, "co_code") else each for each in code.co_consts
    )
    return code.co_code, constants, code.co_names, code.co_varnames


def _replace(attribute: str, mine: Any, other: Any, code: Code) -> Iterator[Undo]:
    for module in code.modules.values():
        if vars(module).get(attribute) is mine:
            yield module, attribute, mine
            setattr(module, attribute, other)
