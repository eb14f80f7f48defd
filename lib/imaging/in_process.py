"""Make all that one image becomes in this process: `lib.imaging.images.Images` without a wall."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from lib.domain.clock import Deadline
from lib.domain.renditions import Made
from lib.imaging.film import film_frames, is_animation
from lib.imaging.images import ImageTask, Look, Sheets, Still
from lib.imaging.load import read_picture
from lib.imaging.phash import phash
from lib.imaging.picture import Picture
from lib.imaging.render import make_renditions
from lib.imaging.sheet import lay_out
from lib.imaging.stills import measure, read_still
from lib.imaging.thumbhash import make_placeholder
from lib.imaging.variants import Size, plan_variants


class Opened:
    """One decoded source. `probe`, `placeholder` and `size` as in `images.OpenedImage`."""

    def __init__(self, picture: Picture, task: ImageTask, deadline: Deadline) -> None:
        self._picture, self._preset, self._deadline = picture, task.preset, deadline
        self._watermark = task.watermark
        self.probe = replace(picture.probe, phash=phash(picture))
        self.placeholder = make_placeholder(picture)
        self.size: Size = picture.image.size

    def make(self) -> Iterator[Made]:
        """Make the renditions, in the order of the plan."""
        targets = plan_variants(self.probe, self._preset)
        return make_renditions(
            self._picture, targets, self._preset, self._deadline, watermark=self._watermark
        )

    def film_frames(self, size: Size) -> Iterator[tuple[bytes, int]]:
        """Yield each frame of an animation in a size (px) as RGB bytes, and its ms."""
        return film_frames(self._picture, size, self._preset, watermark=self._watermark)


class InProcess:
    """Decodes where it is called: in tests, and in the child of `lib.adapters.sandbox`."""

    def is_animation(self, task: ImageTask, deadline: Deadline) -> bool:  # noqa: ARG002
        """Tell from the bytes whether a source is an animation. Raises what reading does."""
        return is_animation(task.data, task.container, task.limits)

    @contextmanager
    def open(self, task: ImageTask, deadline: Deadline) -> Iterator[Opened]:
        """Decode a source. Raises PermanentError."""
        preset, data, task = task.preset, task.data, replace(task, data=b"")
        picture = read_picture(
            data,
            task.container,
            task.limits,
            widest=max((*preset.widths, *(box.width for box in preset.boxes))),
            tallest=max((box.height for box in preset.boxes), default=0),
        )
        del data  # which the picture of an animation still holds
        yield Opened(picture, task, deadline)

    def measure(self, stills: Sequence[Still], deadline: Deadline) -> list[Look]:  # noqa: ARG002
        """Decode and measure pictures. Raises PermanentError."""
        return [measure(read_still(each)) for each in stills]

    def lay_out(
        self,
        tiles: Sequence[Still],
        columns: int,
        rows: int,
        deadline: Deadline,  # noqa: ARG002
    ) -> Sheets:
        """Lay pictures on sheets; all are as large as the first. Raises PermanentError."""
        size = read_still(tiles[0]).image.size
        starts = range(0, len(tiles), columns * rows)
        return Sheets(
            size, tuple(lay_out(tiles[at : at + columns * rows], columns, size) for at in starts)
        )
