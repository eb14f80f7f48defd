"""The real functions, loaded once more for the model: its clients, its time, its decoders.

A second copy of the modules from `lib.application` outward, so that nothing else in the process
meets what is replaced here: boto3's clients, telemetry, clocks, chance, threads, and all that
decodes or encodes. `lib.domain` and what it plans with are the ones that everybody has.
"""

from __future__ import annotations

import importlib
import os
import re
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lib import presets
from tests.robustness.model import current, deployment, stubs

PRIVATE = ("handlers", "lib.entrypoints", "lib.application", "lib.adapters", "lib.domain.leases")
STATE = ("_sum", "_owed")
"""What a budget remembers from one invocation to the next."""

MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:long-video"


def _remember(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Read each item once: they are never changed in place, and a stream has each many times."""

    def remembered(item: Any) -> Any:
        known = current.world.assets.get(id(item))
        if known is None or known[0] is not item:
            known = current.world.assets[id(item)] = (item, read(item))
        return known[1]

    remembered.__dict__["reads"] = read
    return remembered


class Code:
    """The private copy: `handlers` by function, `modules` by name."""

    def __init__(self, dollars: int = deployment.NO_LIMIT) -> None:
        self._stubs = stubs.own_modules()
        self._budgets: list[tuple[Any, dict[str, Any]]] = []
        self.modules: dict[str, types.ModuleType] = {}
        self.handlers: dict[str, Callable[[Any, Any], Any]] = {}
        deployed = deployment.load(dollars)
        # Whatever else they import has to be there first, with the real clocks in it.
        for function in deployed.functions.values():
            _import_beneath(function.handler)
        with self.installed(stubs.standard_modules()), _presets_with_films(), self._budgets_kept():
            for name, function in deployed.functions.items():
                with _environment(function.environment):
                    module = importlib.import_module(
                        function.handler.rsplit(".", 1)[0].replace("/", ".")
                    )
                self.handlers[name] = module.handler
                self._replace()
            self._keep()

    def forget(self) -> None:
        """Have the budgets know nothing of the last world's day, as new workers do."""
        for budget, before in self._budgets:
            for name, value in before.items():
                setattr(budget, name, value)

    @contextmanager
    def _budgets_kept(self) -> Iterator[None]:
        """Note the budgets that are made meanwhile, and how they begin."""
        made = importlib.import_module("lib.application.daily_budget").Budget
        begin = made.__init__

        def noted(budget: Any, *given: Any, **named: Any) -> None:
            begin(budget, *given, **named)
            self._budgets.append((budget, {each: getattr(budget, each) for each in STATE}))

        made.__init__ = noted
        try:
            yield
        finally:
            made.__init__ = begin

    @contextmanager
    def installed(self, more: Mapping[str, types.ModuleType] | None = None) -> Iterator[None]:
        """Have imports find the private copy, as those inside of functions do."""
        ours = {**self._stubs, **self.modules, **(more or {})}
        before = {
            name: module
            for name, module in sys.modules.items()
            if name in ours or _is_private(name)
        }
        packages = {
            name: vars(sys.modules[name]).copy()
            for name in ("lib", "lib.domain", "lib.video", "lib.video.encode")
        }
        for name in before:
            del sys.modules[name]
        sys.modules.update(ours)
        try:
            yield
        finally:
            self._keep()
            for name in [name for name in sys.modules if name in ours or _is_private(name)]:
                del sys.modules[name]
            sys.modules.update(before)
            for name, attributes in packages.items():
                vars(sys.modules[name]).update(attributes)

    def _keep(self) -> None:
        self.modules.update(
            (name, module) for name, module in sys.modules.items() if _is_private(name)
        )

    def _replace(self) -> None:
        for name, module in [*sys.modules.items()]:
            if _is_private(name) and name not in self._stubs:
                for each, replacement in stubs.REPLACED.items():
                    if each in vars(module):
                        setattr(module, each, replacement)
                read = vars(module).get("asset_from_item")
                if read is not None and not hasattr(read, "reads"):
                    setattr(module, "asset_from_item", _remember(read))  # noqa: B010 - of a module


def _is_private(name: str) -> bool:
    return name.startswith(PRIVATE)


def _import_beneath(handler: str) -> None:
    """Import what a handler imports of others, without running it."""
    text = (deployment.ROOT / (handler.rsplit(".", 1)[0] + ".py")).read_text()
    for name in re.findall(r"^from (lib\S+) import", text, re.MULTILINE):
        importlib.import_module(name)


@contextmanager
def _presets_with_films() -> Iterator[None]:
    """Have the default preset want a film of each animation."""
    before = presets.load

    def load(path: Path) -> presets.Presets:
        return presets.parse(
            path.read_text().replace("animated_mp4 = false", "animated_mp4 = true")
        )

    presets.load = load
    try:
        yield
    finally:
        presets.load = before


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set a function's environment while its settings are read."""
    before = dict(os.environ)
    named = {
        name: MACHINE
        if "longVideoArn" in value
        else re.sub(r"\$\{self:custom\.(\w+)\}", r"\1", value)
        for name, value in values.items()
    }
    os.environ.update({"STAGE": "model", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "2048", **named})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
