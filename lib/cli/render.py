"""Run the pipeline over folders: the same dispatch and jobs, with a folder and memory as ports."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import time
from typing import Any

from lib import presets
from lib.adapters.local.folder import FolderRenditions, FolderSources
from lib.adapters.local.memory_catalog import MemoryCatalog
from lib.adapters.sandbox.sandbox import Sandbox
from lib.application.context import Delivery, Pipeline
from lib.application.dispatch import dispatch
from lib.application.process_upload import process_upload
from lib.application.process_video import VideoTools
from lib.cli.arguments import CommandError
from lib.domain.asset import AssetStatus
from lib.domain.clock import Deadline
from lib.domain.errors import ErrorCode, Failure, PermanentError
from lib.domain.events import Action, ObjectEvent, UploadEvent
from lib.domain.keys import asset_id
from lib.imaging.port import Images
from lib.process_limits import set_undumpable
from lib.tools import ROOT
from lib.video.encode.ffmpeg import Ffmpeg

FFMPEG = ROOT / ".build/layers/host/ffmpeg/bin/ffmpeg"
DAY_SECONDS = 24 * 60 * 60.0
"""No invocation's time-out presses here."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rendered:
    """What became of one file. `manifest` lists the renditions; they lie in `folder`."""

    file: str
    status: AssetStatus
    error: Failure | None
    manifest: dict[str, Any] | None
    folder: str | None


@dataclass(frozen=True, slots=True)
class JobTopic:
    """A topic without queues: what is published is processed before `publish` returns."""

    pipeline: Pipeline
    preset: str | None
    scratch: Path
    images: Images

    def publish(self, events: Iterable[UploadEvent]) -> None:
        """Run each event's job without another delivery, so that it ends in any case."""
        delivery = Delivery(lambda: DAY_SECONDS)
        tools = VideoTools(self.images, self._ffmpeg)
        for event in events:
            event = replace(event, preset=self.preset)
            finished = process_upload(event, self.pipeline, delivery, tools)
            if finished.error:
                raise finished.error

    def _ffmpeg(self, deadline: Deadline) -> Ffmpeg:
        """Return the ffmpeg that the local stage runs, built where it is not there yet."""
        if not FFMPEG.exists():
            build = [sys.executable, "layers/build.py", "--target", "host", "ffmpeg"]
            if subprocess.run(build, cwd=ROOT, check=False, stdout=sys.stderr).returncode:  # noqa: S603
                raise CommandError("ffmpeg, which videos and sound need, could not be fetched")
        return Ffmpeg(str(FFMPEG), deadline, self.scratch)


def render_files(files: Sequence[Path], out: Path, preset: str | None) -> Iterator[Rendered]:
    """Render each file below `out`, one after another.

    Raises CommandError where a file or the preset is not there, or `out` can't be written, before
    any work; OSError where it can't be made; PresetsError.
    """
    for path in files:
        if not path.is_file():
            raise CommandError(f"{path} {'is a folder' if path.is_dir() else 'is not there'}")
    recipes = presets.load(presets.PACKAGED)
    try:
        recipes.named(preset)
    except PermanentError as exc:
        raise CommandError(exc.message) from exc
    out.mkdir(parents=True, exist_ok=True)
    if not os.access(out, os.W_OK):
        raise CommandError(f"{out} can't be written")
    set_undumpable()  # a developer's environment may hold credentials
    with closing(Sandbox()) as images, TemporaryDirectory() as scratch:
        pipeline = Pipeline(FolderSources(), FolderRenditions(out), MemoryCatalog(), recipes)
        topic = JobTopic(pipeline, preset, Path(scratch), images)
        for path in files:
            yield _render(path, out, topic)


def _render(path: Path, out: Path, topic: JobTopic) -> Rendered:
    bucket, key = str(path.parent.resolve()), path.name
    sources, catalog = topic.pipeline.sources, topic.pipeline.catalog
    source = sources.current_version(bucket, key)
    if source is None:
        gone = Failure(ErrorCode.SOURCE_GONE, f"{path} is gone")
        return Rendered(str(path), AssetStatus.FAILED, gone, None, None)
    event = ObjectEvent(Action.CREATED, source, sequencer=f"{int(source.version_id):x}")
    try:
        dispatch([event], sources=sources, catalog=catalog, topic=topic, clock=time)
    except CommandError:
        raise
    except Exception:
        # The catalog has the outcome, since nothing is delivered twice here; the traceback is for a
        # bug report.
        log.exception("%s", path)
    asset = catalog.get(asset_id(bucket, key))
    if asset is None or asset.manifest_key is None:
        status = asset.status if asset else AssetStatus.RECEIVED
        return Rendered(str(path), status, asset.error if asset else None, None, None)
    manifest = out / asset.manifest_key
    return Rendered(
        str(path),
        asset.status,
        asset.error,
        json.loads(manifest.read_bytes()),
        str(manifest.parent),
    )
