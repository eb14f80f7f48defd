"""Catalog stream ▸ deletion of what nothing refers to any more; executions are stopped first."""

from lib.adapters.aws.clients import client
from lib.adapters.aws.dynamodb_items import read_changes
from lib.adapters.aws.s3 import S3Renditions
from lib.adapters.aws.step_functions import SfnExecutions
from lib.adapters.telemetry import Context, Event, Telemetry
from lib.application.sweep import sweep
from lib.entrypoints.settings import SweepSettings, from_env

settings = from_env(SweepSettings)
telemetry = Telemetry(settings.stage)
renditions = S3Renditions(client("s3"), settings.renditions_bucket)
executions = SfnExecutions(client("stepfunctions"), settings.long_video_arn)


@telemetry.instrument
def handler(event: Event, context: Context) -> None:  # noqa: ARG001
    """Sweep a batch; what is raised makes Lambda try it again, halved, then the failure queue."""
    changes = read_changes(event, telemetry.skipped)
    telemetry.logger.info("swept", renditions=sweep(changes, renditions, executions))
