"""Start and stop executions of one state machine of Step Functions."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from botocore.exceptions import ClientError

from lib.adapters.aws.errors import translated

EXISTS = frozenset({"ExecutionAlreadyExists"})
RUNNING = frozenset({"RUNNING", "PENDING_REDRIVE"})
NOTHING_TO_STOP = frozenset({"ExecutionDoesNotExist", "ValidationException"})
"""Where it never was; where it has ended."""


class SfnExecutions:
    """The executions of the machine with an ARN; they are known by their names."""

    def __init__(self, client: Any, machine_arn: str) -> None:
        self._client = client
        self._machine = machine_arn

    def start(self, name: str, event: str) -> bool:
        """Start an execution, or find it running; False where it has ended already."""
        try:
            with translated(answers=EXISTS):
                self._client.start_execution(stateMachineArn=self._machine, name=name, input=event)
        except ClientError:
            with translated():
                found = self._client.describe_execution(executionArn=self._arn(name))
            return found["status"] in RUNNING
        return True

    def stop(self, name: str, reason: str) -> None:
        """Stop an execution, where there is one that runs."""
        with suppress(ClientError), translated(answers=NOTHING_TO_STOP):
            self._client.stop_execution(
                executionArn=self._arn(name), error="Superseded", cause=reason
            )

    def _arn(self, name: str) -> str:
        return f"{self._machine.replace(':stateMachine:', ':execution:')}:{name}"
