"""Run a schedule in a world of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from tests.robustness.model.account import CATALOG, Account
from tests.robustness.model.aws.lambda_ import Handler
from tests.robustness.model.code import Code
from tests.robustness.model.damage import DAMAGES, reconcile
from tests.robustness.model.media import make_source
from tests.robustness.model.program import DAY, Program, Step
from tests.robustness.model.turns import START, BrokenError

NONCURRENT_SECONDS = 30 * DAY


@dataclass(frozen=True, slots=True)
class Result:
    """How a schedule ended: the broken invariant, if any, and what happened, if that was asked."""

    program: Program
    broken: str | None = None
    message: str = ""
    trace: tuple[tuple[float, str], ...] = ()


@cache
def load_code(dollars: int = 0) -> Code:
    """Return the private copy of the functions of a stage: one for the process."""
    return Code(dollars)


def run(
    program: Program, handlers: Mapping[str, Handler] | None = None, *, traced: bool = False
) -> Result:
    """Run a schedule until nothing more happens, and look whether all is well."""
    if program.dollars and handlers is None:
        code = load_code(program.dollars)
        code.forget()
        with code.installed():
            return run(program, code.handlers, traced=traced)
    account = Account(program.seed, program.faults, handlers or load_code().handlers, traced=traced)
    world = account.world
    account.end_delay = program.end_delay
    for step in program.steps:
        world.at(START + step.at, lambda step=step: act(account, step))  # type: ignore[misc]
    try:
        world.run()
        reconcile(account, program.rounds)
        account.invariants.check_rest()
        if world.broken:
            raise world.broken
    except BrokenError as broken:
        return Result(program, broken.invariant, broken.message, tuple(world.trace or ()))
    return Result(program, trace=tuple(world.trace or ()))


def redrive(account: Account) -> None:
    """Send what waits in the queues' dead letters to where it came from."""
    sqs = account.sqs
    for name, queue in sqs.queues.items():
        if queue.dead_letters and name in sqs.pollers:
            for message in [*sqs.messages[queue.dead_letters]]:
                sqs.delete(queue.dead_letters, message)
                sqs.send(name, message.body, message.attributes)
                account.world.say(f"OPERATOR: redrives a message of {queue.dead_letters}")


def act(account: Account, step: Step) -> None:
    """Do what a step says."""
    uploads, world = account.uploads, account.world
    account.dynamodb.expire(CATALOG, world.now)
    match step.action:
        case "put":
            uploads.put(step.key, make_source(step.kind, step.number), step.delays)
        case "put same":
            newest = account.s3.current(step.key)
            if newest is not None and newest.content is not None:
                uploads.put(step.key, newest.content, step.delays)
        case "delete":
            uploads.delete(step.key, step.delays)
        case "delete marker":
            versions = account.s3.versions.get(step.key)
            if versions and versions[-1].content is None:
                uploads.delete_version(step.key, 0, step.delays)
        case "delete newest":
            uploads.delete_version(step.key, 0, step.delays)
        case "delete older":
            uploads.delete_version(step.key, 1, step.delays)
        case "copy older":
            uploads.copy(step.key, step.number, step.delays)
        case "expire":
            uploads.expire(NONCURRENT_SECONDS)
        case "deploy":
            account.lambda_.release = "B" if account.lambda_.release == "A" else "A"
            world.say(f"DEPLOY: release {account.lambda_.release}")
        case "stop":
            if account.executions is not None:
                for name, each in account.executions.executions.items():
                    if each.status == "RUNNING":
                        world.say(f"OPERATOR: stops {name}")
                        account.executions.stop(name)
        case "poison":
            account.sqs.send("ImageQueue", "poison {", {})
        case "redrive":
            redrive(account)
        case "grow":
            uploads.grown = True
        case damage:
            DAMAGES[damage](account, step.number)
