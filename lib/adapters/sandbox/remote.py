"""An image that a child has decoded: `lib.imaging.images.OpenedImage`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lib.adapters.sandbox.answers import Expected, NonsenseError, integer
from lib.adapters.sandbox.channel import Late, Message
from lib.adapters.sandbox.run import Run
from lib.domain.errors import ErrorCode, Failure
from lib.domain.media import Probe
from lib.domain.renditions import Made, Placeholder
from lib.imaging.images import ImageTask
from lib.imaging.variants import Size, describe, plan_variants


class Remote:
    """`probe`, `placeholder` and `size` as in `lib.imaging.images.OpenedImage`."""

    def __init__(self, run: Run, task: ImageTask, read: tuple[Probe, Placeholder, Size]) -> None:
        """`task` is without its bytes, `read` what was heard of the source."""
        self._run, self._task = run, task
        self.probe, self.placeholder, self.size = read

    def make(self) -> Iterator[Made]:
        """Yield the renditions of the plan as they are made; what time is too short for says so.

        Raises PermanentError, and TransientError where for lack of time nothing was made.
        """
        expected = Expected(plan_variants(self.probe, self._task.preset), self._task.preset)
        self._run.ask("make")
        is_made = False
        try:
            while made := self._run.receive(self._reader(expected), self._most(expected)):
                is_made = is_made or made.error is None
                yield made
            if self.probe.loops is None:  # there is no film: the next child can be forked
                self._run.close()
        except Late:
            if not is_made:
                raise self._run.too_late() from None
            reason = "too little time was left to encode it"
            late = Failure(ErrorCode.DEADLINE_NEAR, reason, permanent=False)
            for target in expected.missing.values():
                yield describe(target, error=late)

    def film_frames(self, size: Size) -> Iterator[tuple[bytes, int]]:
        """Yield each frame as rows of RGB bytes, and its ms. Raises what `make` does."""
        length = size[0] * size[1] * 3
        most = min(self.probe.frames or 1, self._task.limits.animation_frames)

        def read(answer: Message) -> tuple[bytes, int] | None:
            if answer.head.get("what") == "done":
                return None
            if len(answer.body) != length:
                raise NonsenseError("a frame of another size")
            return answer.body, integer(0)(answer.head.get("ms"))

        self._run.ask("film", size=size)
        for _ in range(most + 1):
            try:
                frame = self._run.receive(read, length)
            except Late as exc:
                raise self._run.too_late() from exc
            if frame is None:
                return
            yield frame

    def _reader(self, expected: Expected) -> Callable[[Message], Made | None]:
        def read(answer: Message) -> Made | None:
            if answer.head.get("what") != "done":
                return expected.read(answer.head, answer.body)
            if expected.missing:
                raise NonsenseError("renditions are missing")
            self._run.learn(answer)
            return None

        return read

    def _most(self, expected: Expected) -> int:
        return expected.most_bytes * min(self.probe.frames or 1, self._task.limits.animation_frames)
