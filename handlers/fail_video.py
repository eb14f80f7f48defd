"""How a long source ends that could not be made: from the state machine, or from its status."""

from typing import Any

from lib.adapters.telemetry import Context, Event, Telemetry
from lib.application.long_video.fail import Ending, fail, read_ending
from lib.entrypoints.bootstrap.recovery import make_recovery
from lib.entrypoints.failed_calls import handle_calls
from lib.entrypoints.settings import FailSettings, from_env

settings = from_env(FailSettings)
telemetry = Telemetry(settings.stage)
recovery = make_recovery(settings)


@telemetry.instrument
def handler(event: Event, context: Context) -> Any:  # noqa: ARG001
    """Record the reason; tell whether it is final."""

    def record(ending: Ending) -> Event:
        failed = fail(ending, recovery)
        telemetry.finished(ending.event, failed.finished)
        return {"permanent": failed.permanent}

    return handle_calls(event, read_ending, record, settings, telemetry)
