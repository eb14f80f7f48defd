"""Step Functions in memory: executions of one state machine, at the methods of boto3's client."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from lib.domain.clock import DAY_SECONDS, to_iso
from tests.robustness.model.aws.errors import failed
from tests.robustness.model.aws.states import Invoke, Line, Reply, Surroundings
from tests.robustness.model.aws.world import World

SERVICE = "stepfunctions"
RUNNING, SUCCEEDED, FAILED = "RUNNING", "SUCCEEDED", "FAILED"
TIMED_OUT, ABORTED = "TIMED_OUT", "ABORTED"

KEPT_SECONDS = 90 * DAY_SECONDS
"""How long an execution is known after its end. Then its name is free again."""

START_SECONDS = 0.05
"""From a start to the first state."""

NAME = re.compile(r"[\w.-]{1,80}", re.ASCII)


@dataclass
class Execution:
    """One execution, also after its end."""

    name: str
    arn: str
    input: str
    started: float
    status: str = RUNNING
    ended: float | None = None
    output: str | None = None
    error: str | None = None
    cause: str | None = None
    line: Line | None = field(default=None, repr=False)

    @property
    def state(self) -> str | None:
        """Return the state that runs, of the outermost ones."""
        return self.line.at if self.line and self.status == RUNNING else None


def function_of(resource: Any) -> str:
    """Return a function's name in serverless.yml, of a Task's resource.

    That is a logical id, `{Fn::GetAtt: [logical id, Arn]}`, or an ARN.
    """
    if isinstance(resource, Mapping):
        [[resource, _]] = resource.values()
    name = str(resource).rpartition(":")[2].removesuffix(".Arn").rpartition("-")[2]
    name = name.removesuffix("LambdaFunction")
    return name[:1].lower() + name[1:]


class StepFunctions:
    """One machine. A new definition is for executions that start from then on."""

    def __init__(
        self,
        world: World,
        definition: Mapping[str, Any],
        invoke: Invoke,
        on_end: Callable[[dict[str, Any]], None],
        *,
        arn: str = "arn:aws:states:us-east-1:000000000000:stateMachine:long-video",
    ) -> None:
        self.world = world
        self.definition = definition
        self.arn = arn
        self.executions: dict[str, Execution] = {}
        self._surroundings = Surroundings(world, invoke, function_of)
        self._on_end = on_end

    def start_execution(
        self,
        *,
        stateMachineArn: str,  # noqa: N803
        name: str,
        input: str = "{}",
    ) -> dict[str, Any]:
        """Start an execution, or find the one that runs with this name and input."""

        def do() -> dict[str, Any]:
            if stateMachineArn != self.arn:
                raise failed("StateMachineDoesNotExist", stateMachineArn)
            if not NAME.fullmatch(name):
                raise failed("InvalidName", f"Invalid Name: '{name}'")
            known = self._find(name)
            if known and (known.status != RUNNING or known.input != input):
                raise failed("ExecutionAlreadyExists", f"Execution Already Exists: '{known.arn}'")
            execution = known or self._start(name, input)
            return {"executionArn": execution.arn, "startDate": _date(execution.started)}

        return self.world.call(SERVICE, "start_execution", do)

    def describe_execution(self, *, executionArn: str) -> dict[str, Any]:  # noqa: N803
        """Return what is known of an execution."""

        def do() -> dict[str, Any]:
            found = self._by_arn(executionArn)
            more = {"output": found.output, "error": found.error, "cause": found.cause}
            if found.ended is not None:
                more["stopDate"] = _date(found.ended)  # type: ignore[assignment]
            return {
                "executionArn": found.arn,
                "stateMachineArn": self.arn,
                "name": found.name,
                "status": found.status,
                "startDate": _date(found.started),
                "input": found.input,
                **{key: value for key, value in more.items() if value is not None},
            }

        return self.world.call(SERVICE, "describe_execution", do)

    def stop_execution(
        self,
        *,
        executionArn: str,  # noqa: N803
        error: str | None = None,
        cause: str | None = None,
    ) -> dict[str, Any]:
        """End an execution. A function that it runs goes on."""

        def do() -> dict[str, Any]:
            execution = self._by_arn(executionArn)
            if execution.status != RUNNING:
                raise failed("ValidationException", "The execution has ended")
            self._end(execution, ABORTED, Reply(error=error, cause=cause or ""))
            return {"stopDate": _date(self.world.now)}

        return self.world.call(SERVICE, "stop_execution", do)

    def stop(self, name: str, error: str | None = None, cause: str = "") -> None:
        """End an execution as an operator does, in the console."""
        if self.executions[name].status == RUNNING:
            self._end(self.executions[name], ABORTED, Reply(error=error, cause=cause))

    def _start(self, name: str, text: str) -> Execution:
        world, definition = self.world, self.definition
        arn = f"{self.arn.replace(':stateMachine:', ':execution:')}:{name}"
        execution = Execution(name, arn, text, world.now)
        self.executions[name] = execution
        context = {
            "Execution": {
                "Id": arn,
                "Name": name,
                "Input": json.loads(text),
                "StartTime": to_iso(world.now),
            },
            "StateMachine": {"Id": self.arn},
        }
        line = Line(self._surroundings, definition, context, partial(self._ended, execution))
        execution.line = line
        world.at(world.now + START_SECONDS, partial(line.start, json.loads(text)))
        if "TimeoutSeconds" in definition:
            late = partial(self._end, execution, TIMED_OUT, Reply(error="States.Timeout"))
            world.at(world.now + definition["TimeoutSeconds"], late)
        return execution

    def _ended(self, execution: Execution, reply: Reply) -> None:
        self._end(execution, SUCCEEDED if reply.error is None else FAILED, reply)

    def _end(self, execution: Execution, status: str, reply: Reply) -> None:
        if execution.status != RUNNING:
            return
        execution.status, execution.ended = status, self.world.now
        if status == SUCCEEDED:
            execution.output = json.dumps(reply.value)
        else:
            execution.error, execution.cause = reply.error, reply.cause
        if execution.line is not None:
            execution.line.stop()
        self._on_end(self._event(execution))

    def _event(self, execution: Execution) -> dict[str, Any]:
        """Return what EventBridge tells of an execution that ended.

        https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
        """
        assert execution.ended is not None
        return {
            "version": "0",
            "source": "aws.states",
            "detail-type": "Step Functions Execution Status Change",
            "time": to_iso(execution.ended),
            "resources": [execution.arn],
            "detail": {
                "executionArn": execution.arn,
                "stateMachineArn": self.arn,
                "name": execution.name,
                "status": execution.status,
                "startDate": int(execution.started * 1000),
                "stopDate": int(execution.ended * 1000),
                "input": execution.input,
                "output": execution.output,
                "error": execution.error,
                "cause": execution.cause,
            },
        }

    def _find(self, name: str) -> Execution | None:
        found = self.executions.get(name)
        if found and found.ended is not None and self.world.now - found.ended > KEPT_SECONDS:
            del self.executions[name]
            return None
        return found

    def _by_arn(self, arn: str) -> Execution:
        name = arn.rpartition(":")[2]
        found = self._find(name)
        if found is None or found.arn != arn:
            raise failed("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
        return found


def _date(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
