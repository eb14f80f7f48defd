"""Give a long source to an execution of the state machine."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from lib.domain import messages
from lib.domain.events import UploadEvent
from lib.domain.keys import execution_name
from lib.domain.ports import Executions
from lib.domain.prices import check_price


def start_execution(
    event: UploadEvent,
    price: float,
    *,
    executions: Executions,
    dollars: float,
    charge: Callable[[float, str], None],
) -> str:
    """Start the execution of an upload, or find the one that runs; return its name.

    It takes the lease by itself, so that the caller keeps its own until then, and ends with
    neither a commit nor a release. A try after one that ended gets the next number. Its estimated
    price is charged before it starts, once for each name. Raises TransientError, and
    PermanentError(LIMIT_EXCEEDED) where that is above `dollars`.
    """
    check_price(price, dollars)
    body = messages.serialize_event(event)
    for number in count(1):
        name = execution_name(event.source, event.sequencer, number)
        charge(price, name)
        if executions.start(name, body):
            return name
    raise AssertionError("numbers do not end")
