"""What a test does with a deployed stack: upload, wait, look."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import boto3
from botocore.exceptions import ClientError

from lib.adapters.aws.dynamodb_catalog import DynamoCatalog
from lib.domain import messages
from lib.domain.asset import Asset, AssetStatus
from lib.domain.events import Action, UploadEvent
from lib.domain.keys import asset_id
from lib.domain.media import MediaType
from lib.tools.emulator.lifecycle import Emulator

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

STACK = "media-pipeline-local"
PATIENCE_SECONDS = 90
POLL_SECONDS = 0.1
FUNCTIONS = "media-pipeline-local-"

Found = TypeVar("Found")


def wait_for(look: Callable[[], Found | None], what: str) -> Found:
    """Look until something true is found, at most PATIENCE_SECONDS long."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(POLL_SECONDS)
    raise AssertionError(f"waited {PATIENCE_SECONDS} s in vain for {what}")


def reconfigure(functions: Any, name: str, changes: dict[str, str]) -> dict[str, str]:
    """Change variables of a function; return those it had."""
    name = FUNCTIONS + name
    found = functions.get_function_configuration(FunctionName=name)
    before: dict[str, str] = found["Environment"]["Variables"]
    functions.update_function_configuration(
        FunctionName=name, Environment={"Variables": before | changes}
    )
    return before


class Deployed:
    """The local stage, through the same APIs that a user has."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.s3 = boto3.client("s3")
        self.sns = boto3.client("sns")
        self.sqs = boto3.client("sqs")
        self.functions = boto3.client("lambda")
        self.stacks = boto3.client("cloudformation")
        described = self.stacks.describe_stacks(StackName=STACK)["Stacks"][0]
        self.outputs = {each["OutputKey"]: each["OutputValue"] for each in described["Outputs"]}
        self.uploads = self.outputs["UploadsBucket"]
        self.renditions = self.outputs["RenditionsBucket"]
        self.catalog = DynamoCatalog(boto3.client("dynamodb"), self.outputs["CatalogTable"])

    def upload(self, key: str, content: bytes | Path) -> str:
        """Upload and return the version id."""
        body = content.read_bytes() if isinstance(content, Path) else content
        return self.s3.put_object(Bucket=self.uploads, Key=key, Body=body)["VersionId"]

    def asset(self, key: str) -> Asset | None:
        return self.catalog.get(asset_id(self.uploads, key))

    def wait(self, key: str, version_id: str, *statuses: AssetStatus) -> Asset:
        """Wait until a version is terminal, or in one of the statuses."""

        def look() -> Asset | None:
            asset = self.asset(key)
            if asset is None or asset.source.version_id != version_id:
                return None
            wanted = asset.status in statuses if statuses else asset.status.terminal
            return asset if wanted else None

        return wait_for(look, f"{key} to be {' or '.join(statuses) or 'terminal'}")

    def stored(self, key: str) -> set[str]:
        """Return the keys of everything that lies in the renditions bucket for an asset."""
        found = self.s3.list_objects_v2(
            Bucket=self.renditions, Prefix=asset_id(self.uploads, key) + "/"
        )
        return {each["Key"] for each in found.get("Contents", [])}

    def fetch(self, key: str) -> bytes:
        return self.s3.get_object(Bucket=self.renditions, Key=key)["Body"].read()

    def exists(self, key: str) -> bool:
        try:
            self.s3.head_object(Bucket=self.renditions, Key=key)
        except ClientError:
            return False
        return True

    @contextmanager
    def reconfigured(self, function: str, **variables: str) -> Iterator[None]:
        """Give a function other variables for the length of a `with` block, and new workers."""
        name = f"media-pipeline-local-{function}"
        described = self.functions.get_function_configuration(FunctionName=name)
        before = described["Environment"]["Variables"]
        self._set_variables(name, before | variables)
        try:
            yield
        finally:
            self._set_variables(name, before)

    def _set_variables(self, name: str, variables: dict[str, str]) -> None:
        self.functions.update_function_configuration(
            FunctionName=name, Environment={"Variables": variables}
        )

    @contextmanager
    def recoded(self, function: str, files: Mapping[str, str]) -> Iterator[None]:
        """Give a function other contents of some of its files for the length of a `with` block."""
        name = FUNCTIONS + function
        before = self.packages()[function]
        self.functions.update_function_code(FunctionName=name, ZipFile=replace_in(before, files))
        try:
            yield
        finally:
            self.functions.update_function_code(FunctionName=name, ZipFile=before)

    def packages(self) -> dict[str, bytes]:
        """Return every function's package, as it lies in the deployment bucket, by its name."""
        template = self.stacks.get_template(StackName=STACK)["TemplateBody"]
        resources = (json.loads(template) if isinstance(template, str) else template)["Resources"]
        bucket = self.outputs["ServerlessDeploymentBucketName"]
        return {
            each["Properties"]["FunctionName"].removeprefix(FUNCTIONS): self.s3.get_object(
                Bucket=bucket, Key=each["Properties"]["Code"]["S3Key"]
            )["Body"].read()
            for each in resources.values()
            if each["Type"] == "AWS::Lambda::Function"
        }

    def publish(self, event: UploadEvent, queue: MediaType) -> None:
        """Publish an upload for a processor's queue, as dispatch does."""
        self.sns.publish(
            TopicArn=self.outputs["MediaTopic"],
            Message=messages.serialize_event(event),
            MessageAttributes={
                "action": {"DataType": "String", "StringValue": "created"},
                "media_type": {"DataType": "String", "StringValue": str(queue)},
            },
        )

    def dispatch(self, *records: dict[str, Any]) -> None:
        """Invoke dispatch as S3 would."""
        answer = self.functions.invoke(
            FunctionName="media-pipeline-local-dispatch",
            Payload=json.dumps({"Records": list(records)}),
        )
        assert "FunctionError" not in answer, answer["Payload"].read()

    def messages(self, queue_url: str) -> list[MessageTypeDef]:
        """Take what waits in a queue."""
        received = self.sqs.receive_message(
            QueueUrl=queue_url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        ).get("Messages", [])
        for each in received:
            self.sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=each["ReceiptHandle"])
        return received


def replace_in(archive: bytes, files: Mapping[str, str]) -> bytes:
    """Return a zip with other contents in some of its files."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as read, zipfile.ZipFile(target, "w") as written:
        for each in read.infolist():
            written.writestr(each, files.get(each.filename, read.read(each)))
    return target.getvalue()


def event_of(asset: Asset, sequencer: str | None = None) -> UploadEvent:
    """Return the message that an asset's newest version came with, or a later one about it."""
    return UploadEvent(
        Action.CREATED,
        asset.source,
        sequencer or sequencer_of(asset),
        asset.media_type,
        asset.mime,
        "2026-01-01T00:00:00.000+00:00",
    )


def sequencer_of(asset: Asset) -> str:
    """Return an asset's sequencer as S3 sent it."""
    return asset.sequencer.rstrip("0").ljust(18, "0")


def record(asset: Asset, name: str = "ObjectCreated:Put") -> dict[str, Any]:
    """Return the S3 event record that an asset's newest version came with."""
    return {
        "eventVersion": "2.1",
        "eventName": name,
        "s3": {
            "bucket": {"name": asset.source.bucket},
            "object": {
                "key": asset.source.key,
                "versionId": asset.source.version_id,
                "eTag": asset.source.etag,
                "size": asset.source.size,
                "sequencer": sequencer_of(asset),
            },
        },
    }
