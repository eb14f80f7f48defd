"""Make a schedule that breaks something as short as it still breaks it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from tests.robustness.model.program import Program, Step

MOST_RUNS = 600

Breaks = Callable[[Program], bool]
"""Tells whether a schedule breaks the same invariant."""


def shrink(program: Program, breaks: Breaks) -> Program:
    """Return the shortest schedule found by leaving out and simplifying, one thing at a time."""
    runs = 0
    smaller = True
    while smaller and runs < MOST_RUNS:
        smaller = False
        for candidate in _smaller(program):
            runs += 1
            if breaks(candidate):
                program, smaller = candidate, True
                break
            if runs >= MOST_RUNS:
                break
    return program


def _smaller(program: Program) -> Iterator[Program]:
    """Yield schedules that are a little simpler, what saves most first."""
    for fault in program.faults:
        yield program.without(fault)
    for step in reversed(program.steps):
        if len(program.steps) > 1:
            yield program.without(step)
    if program.end_delay != 0.3:
        yield replace(program, end_delay=0.3)
    for step in program.steps:
        for simpler in _simpler(step):
            steps = tuple(simpler if each is step else each for each in program.steps)
            yield replace(program, steps=steps)


def _simpler(step: Step) -> Iterator[Step]:
    if len(step.delays) > 1:
        yield replace(step, delays=step.delays[:1])
    if step.delays[0]:
        yield replace(step, delays=(0.0, *step.delays[1:]))
        if step.delays[0] != round(step.delays[0]):
            yield replace(step, delays=(float(round(step.delays[0])), *step.delays[1:]))
    if step.action == "put" and step.kind != "image":
        yield replace(step, kind="image")
    if step.at != round(step.at):
        yield replace(step, at=float(round(step.at)))
    if step.key not in ("a.bin", ""):
        yield replace(step, key="a.bin")
