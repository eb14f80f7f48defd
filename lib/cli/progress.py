"""Tell on stderr how far a long command is, so that stdout has the results alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

LINE_SECONDS = 5.0
"""Between two lines where stderr is no terminal."""


@contextmanager
def counted(verb: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show "sent 3 of 20": as a bar on a terminal, else as a line now and then, and at the end.

    The block is given a function to call with how many there are now.
    """
    stderr = Console(stderr=True, emoji=False, highlight=False)
    if stderr.is_interactive:
        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            console=stderr,
            transient=True,
        )
        task = bar.add_task(verb, total=total)
        with bar:
            yield lambda number: bar.update(task, completed=number)
        return
    said, said_at = 0, time.monotonic()

    def say(number: int) -> None:
        nonlocal said, said_at
        if number != said and (number >= total or time.monotonic() - said_at > LINE_SECONDS):
            stderr.print(f"{verb} {number} of {total}", soft_wrap=True)
            said, said_at = number, time.monotonic()

    yield say
