"""Give a long source to an execution of the state machine."""

from __future__ import annotations

from itertools import count

from lib import messages
from lib.keys import execution_name
from lib.model import UploadEvent
from lib.ports import Executions


def hand_over(event: UploadEvent, executions: Executions) -> str:
    """Start the execution of an upload, or find the one that runs; return its name.

    It takes the lease by itself, so that the caller keeps its own until then, and ends with
    neither a commit nor a release. A try after one that ended gets the next number.
    Raises TransientError.
    """
    body = messages.encode(event)
    names = (execution_name(event.source, event.sequencer, number) for number in count(1))
    return next(name for name in names if executions.start(name, body))
