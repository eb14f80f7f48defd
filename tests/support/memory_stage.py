"""The stage `dev` in moto, for tests of the commands that talk to a stage."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from moto import mock_aws

from lib.adapters.aws import clients
from lib.adapters.aws.dynamodb_catalog import DynamoCatalog
from lib.application.redrive.letters import FailureQueue, Target
from lib.cli import __main__ as cli
from lib.domain.asset import AssetStatus, Outcome
from lib.domain.events import UploadEvent
from lib.domain.renditions import Rendition, RenditionKind
from tests.support.fakes import UPLOADS, MemorySources, received

QUEUES = (*FailureQueue, *(each for each in Target if each.is_queue))
TEMPLATE: dict[str, Any] = {
    "Resources": {
        "Uploads": {
            "Type": "AWS::S3::Bucket",
            "Properties": {
                "BucketName": UPLOADS,
                "VersioningConfiguration": {"Status": "Enabled"},
            },
        },
        "Renditions": {"Type": "AWS::S3::Bucket"},
        **{str(each): {"Type": "AWS::SQS::Queue"} for each in QUEUES},
        "Catalog": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [
                    {"AttributeName": name, "AttributeType": "S"}
                    for name in ("pk", "status", "updated_at")
                ],
                "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
                "GlobalSecondaryIndexes": [
                    {
                        "IndexName": "by-status",
                        "KeySchema": [
                            {"AttributeName": "status", "KeyType": "HASH"},
                            {"AttributeName": "updated_at", "KeyType": "RANGE"},
                        ],
                        "Projection": {"ProjectionType": "ALL"},
                    }
                ],
            },
        },
    },
    "Outputs": {
        "UploadsBucket": {"Value": {"Ref": "Uploads"}},
        "RenditionsBucket": {"Value": {"Ref": "Renditions"}},
        "CatalogTable": {"Value": {"Ref": "Catalog"}},
        **{str(each): {"Value": {"Ref": str(each)}} for each in QUEUES},
    },
}


@contextmanager
def aws() -> Iterator[None]:
    """Give a test an AWS of its own, and its environment back afterwards."""
    before = dict(os.environ)
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        patch.setenv("AWS_CONFIG_FILE", os.devnull)
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        clients._make.cache_clear()
        with mock_aws():
            yield
        clients._make.cache_clear()
    os.environ.clear()
    os.environ.update(before)


def deploy(template: dict[str, Any]) -> None:
    client = boto3.client("cloudformation", region_name="us-east-1")
    client.create_stack(StackName="media-pipeline-dev", TemplateBody=json.dumps(template))


def media(*arguments: object) -> int:
    """Run the command and return its exit code."""
    try:
        return cli.main([str(each) for each in arguments])
    except SystemExit as exc:
        return int(exc.code or 0)


def receive(catalog: DynamoCatalog, key: str) -> UploadEvent:
    """Record an upload as dispatch would, and return the event."""
    event = received(MemorySources().upload(key, b"content"))
    catalog.receive(event)
    return event


def end(catalog: DynamoCatalog, event: UploadEvent, outcome: Outcome) -> None:
    """Do what a processor would do with an upload."""
    lease = catalog.claim(event, lease_seconds=60).lease_token
    assert lease
    catalog.commit(event, lease, outcome)


def finish(catalog: DynamoCatalog, key: str) -> None:
    """Do what dispatch and a processor would do with an upload."""
    made = Rendition("320.webp", RenditionKind.IMAGE, "image/webp", "k/320.webp", 320, 200)
    end(catalog, receive(catalog, key), Outcome(AssetStatus.READY, renditions=(made,)))
