"""Wire what the steps of a long source share; of a queue's processors: see `queue_processor`."""

from __future__ import annotations

from lib import presets
from lib.adapters.aws.clients import client
from lib.adapters.aws.dynamodb_catalog import DynamoCatalog
from lib.adapters.aws.s3 import S3Renditions, S3Sources
from lib.application.pipeline import Pipeline
from lib.entrypoints.settings import StepSettings


def make_pipeline(settings: StepSettings) -> Pipeline:
    """Return what a step of a long source works with."""
    return Pipeline(
        S3Sources(client("s3")),
        S3Renditions(client("s3"), settings.renditions_bucket),
        DynamoCatalog(client("dynamodb"), settings.catalog_table),
        presets.load(presets.PACKAGED),
    )
