"""Tell what a schedule did, in numbered lines."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.robustness.model.program import DAY, Program
from tests.robustness.model.run import Result
from tests.robustness.model.turns import START

DULL = re.compile(r"^(sweep|notify) \d+ ends: None$")
SERVICES = re.compile(r"\b(s3|dynamodb|sqs|sns|stepfunctions)\.")


def tell(result: Result) -> str:
    """Return the schedule, then what happened, then what broke."""
    lines = [f"schedule {result.program.seed}:", *_program(result.program), "", "what happened:"]
    for number, (at, line) in enumerate(
        ((at, line) for at, line in result.trace if not DULL.match(line)), 1
    ):
        lines.append(f"{number:4}. {_moment(at - START):>11}  {SERVICES.sub('', line)}")
    if result.broken:
        lines += ["", f"broken: {result.broken}: {result.message}"]
    return "\n".join(lines)


def _program(program: Program) -> Iterator[str]:
    for step in program.steps:
        yield f"  {step}"
    for fault in program.faults:
        yield f"  fault: {fault}"
    if program.end_delay > 1:
        yield f"  ends of executions are told {program.end_delay:g} s late"


def _moment(seconds: float) -> str:
    days, rest = divmod(seconds, DAY)
    return f"{int(days)} d {rest:9.2f}" if days else f"{rest:.2f}"
