"""Make all that one image becomes in this process: `lib.imaging.port.Images` without a wall."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property

from lib.domain.clock import Deadline
from lib.domain.renditions import Made
from lib.imaging.load import Picture, is_animation, read_picture
from lib.imaging.phash import phash
from lib.imaging.port import ImageTask, SpriteSheets, Still, StillStatistics
from lib.imaging.render import make_renditions
from lib.imaging.render_animation import film_frames
from lib.imaging.thumbhash import make_placeholder
from lib.imaging.time_budget import TimeBudget
from lib.imaging.transform import Transform
from lib.imaging.variants import Size
from lib.imaging.video_stills import make_sprite_sheet, measure_still, read_still


class Opened:
    """One decoded source. `probe`, `placeholder` and `size` as in `images.OpenedImage`."""

    def __init__(self, picture: Picture, task: ImageTask, budget: TimeBudget) -> None:
        self._picture, self._budget = picture, budget
        self._preset, self._watermark = task.preset, task.watermark
        self.probe = replace(picture.probe, phash=phash(picture.image))
        self.placeholder = make_placeholder(picture.image)
        self.size: Size = picture.image.size

    def make_renditions(self) -> Iterator[Made]:
        """Make the renditions, in the order of the plan."""
        return make_renditions(self._picture, self._transform, self._budget)

    @cached_property
    def _transform(self) -> Transform:
        return Transform(self._preset, self._watermark)

    def film_frames(self, size: Size) -> Iterator[tuple[bytes, int]]:
        """Yield each frame of an animation in a size (px) as RGB bytes, and its ms."""
        return film_frames(self._picture, size, self._transform)


class InProcess:
    """Decodes where it is called: in tests, and in the child of `lib.adapters.sandbox`."""

    def __init__(self, measured: Mapping[str, float] | None = None) -> None:
        """`measured`: seconds a megapixel that encodes took elsewhere, by format."""
        self.measured = dict(measured or {})
        """Those of all images here go in."""

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
        yield Opened(picture, task, TimeBudget(deadline, self.measured))

    def measure_stills(
        self,
        stills: Sequence[Still],
        deadline: Deadline,  # noqa: ARG002
    ) -> list[StillStatistics]:
        """Decode and measure pictures. Raises PermanentError."""
        return [measure_still(read_still(each)) for each in stills]

    def make_sprite_sheets(
        self,
        tiles: Sequence[Still],
        columns: int,
        rows: int,
        deadline: Deadline,  # noqa: ARG002
    ) -> SpriteSheets:
        """Put pictures on sheets; all are as large as the first. Raises PermanentError."""
        size = read_still(tiles[0]).size
        most = columns * rows
        starts = range(0, len(tiles), most)
        sheets = (make_sprite_sheet(tiles[at : at + most], columns, size) for at in starts)
        return SpriteSheets(size, tuple(sheets))
