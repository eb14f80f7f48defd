"""Make the stream that is proved, as `media render` does: dispatch, then the video job."""

from __future__ import annotations

from pathlib import Path

from lib.cli.render import render_files
from lib.domain.asset import AssetStatus
from tests.conformance.streams.flashes import make_source


def make_stream(folder: Path) -> Path:
    """Render the clip with flashes below `folder`; return where hls.m3u8 lies."""
    source = folder / "source.mkv"
    make_source(source)
    (rendered,) = render_files([source], folder / "out", None)
    assert rendered.status is AssetStatus.READY, rendered.error
    assert rendered.folder
    return Path(rendered.folder)
