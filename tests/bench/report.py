"""The form of every benchmark: named numbers, some with a target, as a table or as one JSON line.

A benchmark is one module with `run() -> Iterator[Result]`, whose docstring says what is measured.
Peers and limits are results without a target, taken in the same run.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.markup import escape
from rich.table import Table

FEWEST_RUNS = 5
DIGITS = 4
"""Decimal places of a printed value; whether it meets its target is decided before rounding."""

Machine = dict[str, str | int | float]


class BenchError(Exception):
    """What a benchmark needs is not there; the message is one line that says what."""


@dataclass(frozen=True, slots=True)
class Result:
    """One number. `target` is the most it may be; None for a peer or a limit."""

    name: str
    value: float
    unit: str
    target: float | None = None

    @property
    def ok(self) -> bool | None:
        """Tell whether the target is met; None where there is none."""
        return None if self.target is None else self.value <= self.target


def median(values: Sequence[float]) -> float:
    """Return the median of the runs. Raises ValueError for fewer than FEWEST_RUNS."""
    if len(values) < FEWEST_RUNS:
        raise ValueError(f"expected at least {FEWEST_RUNS} runs but received {len(values)}")
    return statistics.median(values)


def describe_machine() -> Machine:
    """Return what the numbers depend on: CPU model, cores this process may use, Python, OS.

    `load` is what else runs: processes that want a core, on average over the last minute.
    """
    affinity = getattr(os, "sched_getaffinity", None)
    return {
        "cpu": _cpu_model(),
        "cores": len(affinity(0)) if affinity else os.cpu_count() or 1,
        "python": platform.python_version(),
        "os": platform.platform(),
        "load": round(os.getloadavg()[0], 1),
    }


def _cpu_model() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def to_json(bench: str, machine: Machine, results: Sequence[Result]) -> str:
    """Return the one line that programs read."""
    described = [
        {
            "name": each.name,
            "value": round(each.value, DIGITS),
            "unit": each.unit,
            "target": each.target,
            "ok": each.ok,
        }
        for each in results
    ]
    return json.dumps({"bench": bench, "machine": machine, "results": described})


def to_table(bench: str, results: Sequence[Result]) -> Table:
    """Return the table that people read."""
    table = Table(title=bench, title_justify="left", box=None, pad_edge=False)
    for heading in ("name", "value", "unit", "target", "ok"):
        numeric = heading in ("value", "target")
        table.add_column(heading, justify="right" if numeric else "left", no_wrap=numeric)
    for each in results:
        target = "" if each.target is None else f"≤ {each.target:g}"
        verdict = {None: "", True: "[green]yes[/green]", False: "[red]no[/red]"}[each.ok]
        table.add_row(escape(each.name), _shown(each.value), each.unit, target, verdict)
    return table


def _shown(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
