"""What stands for threads and folders: an executor that does everything at once, no folder."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from typing import Any, Self


class InlineExecutor:
    """Runs what is submitted at once, so that one order of calls is one order each time."""

    def __init__(self, max_workers: int | None = None) -> None:
        del max_workers

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def submit(self, do: Callable[..., Any], /, *given: Any, **named: Any) -> Future[Any]:
        """Return what is done already. A kill is none of its errors: it ends the caller too."""
        future: Future[Any] = Future()
        try:
            future.set_result(do(*given, **named))
        except Exception as exc:
            future.set_exception(exc)
        return future

    def map(self, do: Callable[..., Any], *given: Iterable[Any]) -> Iterator[Any]:
        """Yield what each gives, when it is asked for."""
        return map(do, *given)


class NoFolder:
    """A temporary folder that nothing is written to."""

    def __init__(self, **_: object) -> None:
        pass

    def __enter__(self) -> str:
        return "/nowhere"

    def __exit__(self, *_: object) -> None:
        return None
