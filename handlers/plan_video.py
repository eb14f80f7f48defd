"""First step of a long source: its lease, its limits, its ranges."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lib.adapters.telemetry import Telemetry
from lib.application.long_video.plan import Allowance, make_plan
from lib.child_process import set_undumpable
from lib.domain import messages
from lib.entrypoints.bootstrap import make_pipeline
from lib.entrypoints.settings import PlanSettings, from_env
from lib.video.encode.ffmpeg import Ffmpeg

set_undumpable()
settings = from_env(PlanSettings)
allowance = Allowance(settings.execution_seconds, settings.range_seconds, settings.dollars)
telemetry = Telemetry(settings.stage)
pipeline = make_pipeline(settings)


@telemetry.instrument
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Return what the state machine goes on with; what is raised, it catches."""
    upload = messages.event_from_values(event["event"])
    with TemporaryDirectory(dir=settings.scratch_folder) as folder:
        planned = make_plan(
            upload,
            event["execution"],
            allowance,
            pipeline,
            ffmpeg=Ffmpeg(
                settings.ffmpeg_path,
                lambda: context.get_remaining_time_in_millis() / 1000,
                Path(folder),
                settings.aws_lambda_function_memory_size,
            ),
        )
    telemetry.step(upload, "planned", superseded=not planned)
    return planned.serialize() if planned else {"superseded": True}
