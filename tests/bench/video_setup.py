"""What all parts of the video bench share: where things are, and one encode."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from lib import presets
from lib.domain.media import VideoProbe
from lib.presets import Preset
from lib.video.encode.encode import encode_video
from lib.video.encode.ffmpeg import Ffmpeg
from lib.video.plan.plan import Plan, VideoTask, plan_video
from lib.video.plan.ranges import Span
from lib.video.probe.mediainfo import read_probe
from lib.video.source import Input
from tests.bench.video_long import PLENTY


@dataclass(frozen=True, slots=True)
class Bench:
    """Where everything is."""

    folder: Path
    ffmpeg: str
    presets: presets.Presets

    @property
    def preset(self) -> Preset:
        """Return the default."""
        return self.presets.named(None)

    def scratch(self) -> Path:
        """Return a new folder."""
        return Path(mkdtemp(dir=self.folder))

    def planned(self, path: Path) -> Plan:
        """Return what the default preset makes of a source."""
        return plan_video(probe_file(path), self.preset)

    def encode(self, path: Path, folder: Path, span: Span | None = None) -> None:
        """Encode a source, or a span of it, with all that one process makes."""
        source, planned = Input(str(path), "mov"), self.planned(path)
        task = VideoTask(source, probe_file(path), planned, self.preset, span)
        encode_video(task, Ffmpeg(self.ffmpeg, lambda: PLENTY, folder))


def probe_file(path: Path) -> VideoProbe:
    """Return what an MP4 says of itself."""
    with path.open("rb") as file:
        probe = read_probe(file, "mov")
    assert isinstance(probe, VideoProbe)
    return probe
