"""Give a long source to an execution of the state machine."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import count

from lib.domain import messages
from lib.domain.errors import TransientError
from lib.domain.events import UploadEvent
from lib.domain.keys import execution_name
from lib.domain.ports import Executions
from lib.domain.prices import check_price


@dataclass(frozen=True, slots=True)
class Starter:
    """What starts executions, and what they may cost.

    `dollars` is the most that a source may be estimated to cost; `charge` takes dollars and the
    name of the work that they are charged for, once for each name.
    """

    executions: Executions
    dollars: float
    charge: Callable[[float, str], None]

    def start(self, event: UploadEvent, price: float, number: int) -> str:
        """Start the execution of an upload's try, by its number; return the execution's name.

        A try that finds it running had its reply lost; one that has ended leaves its number to the
        next. The price is charged before: where starting fails, it is given back. Raises
        TransientError, and PermanentError(LIMIT_EXCEEDED) where the price is above `dollars`.
        """
        check_price(price, self.dollars)
        body = messages.serialize_event(replace(event, lease=None))
        for each in count(number):
            name = execution_name(event.source, event.sequencer, each)
            self.charge(price, name)
            try:
                running = self.executions.start(name, body)
            except TransientError:
                with suppress(TransientError):
                    self.charge(-price, f"{name}-not-started")
                raise
            if running:
                return name
        raise AssertionError("numbers do not end")
