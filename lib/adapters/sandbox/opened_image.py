"""An image that a child has decoded: `lib.imaging.port.OpenedImage`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lib.adapters.sandbox.child_session import Session
from lib.adapters.sandbox.protocol import ChannelTimeoutError, Message
from lib.adapters.sandbox.responses import PlannedRenditions
from lib.adapters.sandbox.untrusted import InvalidResponseError, integer
from lib.domain.errors import ErrorCode, Failure
from lib.domain.media import ImageProbe
from lib.domain.renditions import Made, Placeholder
from lib.imaging.port import ImageTask
from lib.imaging.variants import Size, outcome_of, plan_variants


class OpenedImageProxy:
    """`probe`, `placeholder` and `size` as in `lib.imaging.port.OpenedImage`."""

    def __init__(
        self, session: Session, task: ImageTask, read: tuple[ImageProbe, Placeholder, Size]
    ) -> None:
        """`task` is without its bytes, `read` what was read of the source."""
        self._session, self._task = session, task
        self.probe, self.placeholder, self.size = read

    def make_renditions(self) -> Iterator[Made]:
        """Yield the renditions of the plan as they are made; what time is too short for says so.

        Raises PermanentError, and TransientError where for lack of time nothing was made.
        """
        planned = PlannedRenditions(plan_variants(self.probe, self._task.preset), self._task.preset)
        self._session.request("make")
        is_made = False
        try:
            while made := self._session.receive(self._reader(planned), self._max_bytes(planned)):
                is_made = is_made or made.error is None
                yield made
            if self.probe.loops is None:  # there is no film: the next child can be forked
                self._session.close()
        except ChannelTimeoutError:
            if not is_made:
                raise self._session.too_late() from None
            reason = "too little time was left to encode it"
            late = Failure(ErrorCode.DEADLINE_NEAR, reason)
            for target in planned.missing.values():
                yield outcome_of(target, error=late)

    def film_frames(self, size: Size) -> Iterator[tuple[bytes, int]]:
        """Yield each frame as rows of RGB bytes, and its ms. Raises what `make` does."""
        length = size[0] * size[1] * 3
        max_frames = min(self.probe.frames or 1, self._task.limits.animation_frames)

        def read(response: Message) -> tuple[bytes, int] | None:
            if response.head.get("what") == "done":
                return None
            if len(response.body) != length:
                raise InvalidResponseError("a frame of another size")
            return response.body, integer(0)(response.head.get("ms"))

        self._session.request("film", size=size)
        for _ in range(max_frames + 1):
            try:
                frame = self._session.receive(read, length)
            except ChannelTimeoutError as exc:
                raise self._session.too_late() from exc
            if frame is None:
                return
            yield frame

    def _reader(self, planned: PlannedRenditions) -> Callable[[Message], Made | None]:
        def read(response: Message) -> Made | None:
            if response.head.get("what") != "done":
                return planned.read(response.head, response.body)
            if planned.missing:
                raise InvalidResponseError("renditions are missing")
            self._session.learn(response)
            return None

        return read

    def _max_bytes(self, planned: PlannedRenditions) -> int:
        return planned.max_bytes * min(self.probe.frames or 1, self._task.limits.animation_frames)
