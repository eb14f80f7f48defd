"""The parent's side: `lib.imaging.port.Images`, each image in a child of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from lib.adapters.sandbox import responses
from lib.adapters.sandbox.child_session import Session
from lib.adapters.sandbox.opened_image import OpenedImageProxy
from lib.adapters.sandbox.untrusted import flag
from lib.adapters.sandbox.zygote_host import ZYGOTE, ZygoteHost
from lib.domain.clock import Deadline
from lib.imaging.port import ImageTask, OpenedImage, SpriteSheets, Still, StillStatistics

PARENT_BYTES = 400_000_000
"""Of a function's memory: for the parent, what it fetches and stores, and the zygote."""

LEAST_SHARE = 0.5
"""Of a small function's memory, which a child may have in any case."""

ELSEWHERE_BYTES = 4_000_000_000
"""What a child may have where there is no function: on a developer's machine."""


class Sandbox:
    """Decodes and encodes images in children that can reach nothing; each image has its own."""

    def __init__(self, memory: int = ELSEWHERE_BYTES, program: str = ZYGOTE) -> None:
        """`memory`: bytes that a child may have. `program`: another zygote, in tests."""
        self._zygote = ZygoteHost(memory, program)
        self._measured: dict[str, float] = {}
        self.holds: dict[str, Any] = {}
        """What the last child had given up, by name; a number is the version of an interface."""

    @classmethod
    def of_function(cls, megabytes: int) -> Sandbox:
        """Return one for a function of so much memory; 0 where there is no function."""
        if not megabytes:
            return cls()
        memory = megabytes * 1024 * 1024
        return cls(max(memory - PARENT_BYTES, round(memory * LEAST_SHARE)))

    def start(self) -> None:
        """Have the first child made while others do something else. Raises TransientError."""
        self._zygote.start()

    def close(self) -> None:
        """End all children."""
        self._zygote.close()

    def is_animation(self, task: ImageTask, deadline: Deadline) -> bool:
        """Tell whether `open` will find an animation. Raises as it does."""
        with self._session(deadline) as session:
            session.send_task("is_animation", replace(task, data=b""), task.data)
            return session.receive_soon(lambda response: flag(response.head.get("is_animation")))

    @contextmanager
    def open(self, task: ImageTask, deadline: Deadline) -> Iterator[OpenedImage]:
        """Decode a source in a child that lives as long as the context.

        Raises PermanentError: CORRUPT_MEDIA also for what crashes the decoder, LIMIT_EXCEEDED for
        what takes more memory or time than there is; TransientError where no child can be had, or
        where there was too little time from the start.
        """
        with self._session(deadline) as session:
            data, task = task.data, replace(task, data=b"")
            session.send_task("open", task, data)
            del data  # the child has it, and one copy is enough
            yield OpenedImageProxy(
                session,
                task,
                session.receive_soon(
                    lambda response: responses.read_opened(response.head, task.container)
                ),
            )

    def measure_stills(self, stills: Sequence[Still], deadline: Deadline) -> list[StillStatistics]:
        """Decode and measure pictures in a child. Raises as `open` does."""
        with self._session(deadline) as session:
            session.send_task("measure", list(stills))
            return session.receive_soon(
                lambda response: responses.read_looks(response.head, len(stills))
            )

    def make_sprite_sheets(
        self, tiles: Sequence[Still], columns: int, rows: int, deadline: Deadline
    ) -> SpriteSheets:
        """Put pictures on sheets in a child. Raises as `open` does."""
        with self._session(deadline) as session:
            session.send_task("lay_out", (list(tiles), columns, rows))
            size = session.receive_soon(lambda response: responses.read_size(response.head))
            max_bytes = responses.max_bytes((size[0] * columns, size[1] * rows))
            sheets = -(-len(tiles) // (columns * rows))
            return SpriteSheets(
                size,
                tuple(session.receive_soon(responses.read_jpeg, max_bytes) for _ in range(sheets)),
            )

    @contextmanager
    def _session(self, deadline: Deadline) -> Iterator[Session]:
        session = Session(self._zygote, self._measured, deadline())
        self.holds = session.holds
        try:
            yield session
        finally:
            session.close()
