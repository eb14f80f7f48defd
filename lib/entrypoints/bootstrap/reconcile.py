"""What reconcile compares and mends, for the function and for the command line."""

from __future__ import annotations

from lib.adapters.aws.clients import client
from lib.adapters.aws.dynamodb_catalog import DynamoCatalog
from lib.adapters.aws.dynamodb_entries import DynamoEntries
from lib.adapters.aws.s3 import S3Renditions, S3Sources
from lib.adapters.aws.s3_listings import S3Folders, S3Uploads
from lib.adapters.aws.sns import SnsTopic
from lib.application.reconcile.findings import Ages
from lib.application.reconcile.rounds import Rules
from lib.application.reconcile.stores import Stores
from lib.entrypoints.settings import ReconcileSettings


def make_stores(uploads: str, renditions: str, catalog: str, topic_arn: str) -> Stores:
    """Return a stage's stores by the names of its buckets, its table and its topic."""
    s3, dynamodb = client("s3"), client("dynamodb")
    return Stores(
        S3Uploads(s3, uploads),
        S3Folders(s3, renditions),
        DynamoEntries(dynamodb, catalog),
        S3Sources(s3),
        S3Renditions(s3, renditions),
        DynamoCatalog(dynamodb, catalog),
        SnsTopic(client("sns"), topic_arn),
    )


def make_function_stores(settings: ReconcileSettings) -> Stores:
    """Return the stores of the function's stage."""
    return make_stores(
        settings.uploads_bucket,
        settings.renditions_bucket,
        settings.catalog_table,
        settings.media_topic_arn,
    )


def make_rules(settings: ReconcileSettings) -> Rules:
    """Return when something is wrong, and what a round may do about it by itself."""
    return Rules(
        Ages(settings.orphan_seconds, settings.receipt_seconds, settings.lease_seconds),
        settings.most_deletes,
        settings.full_seconds,
    )
