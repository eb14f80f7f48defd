"""The packaged template of `prod` in a second implementation, which understands it as we do."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID

from tests.infrastructure.deliveries import function_policy
from tests.infrastructure.edges import faults
from tests.infrastructure.second import (
    APPLIED,
    UNKNOWN_OF_BUCKETS,
    UNKNOWN_TYPES,
    Deployed,
    apply_rest,
    deploy,
)
from tests.infrastructure.stack import Stack

READ_BUCKET = {
    "LifecycleConfiguration": lambda s3, name: s3.get_bucket_lifecycle_configuration(Bucket=name),
    "NotificationConfiguration": lambda s3, name: s3.get_bucket_notification_configuration(
        Bucket=name
    )["LambdaFunctionConfigurations"],
    "OwnershipControls": lambda s3, name: s3.get_bucket_ownership_controls(Bucket=name),
    "PublicAccessBlockConfiguration": lambda s3, name: s3.get_public_access_block(Bucket=name),
    "VersioningConfiguration": lambda s3, name: s3.get_bucket_versioning(Bucket=name)["Status"],
}


def properties_of(bucket: str) -> set[str]:
    """Return which properties moto knows of a bucket."""
    found = set()
    for name, read in READ_BUCKET.items():
        try:
            read(boto3.client("s3"), bucket)
        except (ClientError, KeyError):
            continue
        found.add(name)
    return found


@dataclass(frozen=True)
class Second:
    """What moto made of the template, and what it did not know."""

    stack: Deployed
    unknown: set[str]
    known_of_uploads: set[str]
    mappings: list[Any]


@pytest.fixture(scope="module")
def second(stack_of: Callable[[str], Stack]) -> Iterator[Second]:
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        patch.setenv("VALIDATE_LAMBDA_S3", "false")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        deployed, unknown = deploy(replace(stack_of("prod"), account=DEFAULT_ACCOUNT_ID))
        known = properties_of(deployed.physical("S3BucketUploads"))
        apply_rest(deployed)
        client = boto3.client("lambda")
        mappings = client.list_event_source_mappings()["EventSourceMappings"]
        for each in mappings:  # moto would run the functions, in Docker
            client.update_event_source_mapping(UUID=each["UUID"], Enabled=False)
        yield Second(deployed, unknown, known, list(mappings))


def test_what_it_does_not_know_is_what_we_say(second: Second) -> None:
    assert second.unknown == UNKNOWN_TYPES
    assert set(APPLIED) == UNKNOWN_TYPES
    assert READ_BUCKET.keys() - second.known_of_uploads == UNKNOWN_OF_BUCKETS


def test_it_makes_all_the_rest(second: Second) -> None:
    stack = second.stack
    made = {name for name in stack.resources if name in stack.names}
    left = {each["Type"] for name, each in stack.resources.items() if name not in made}
    nameless = {"AWS::Lambda::LayerVersion", "AWS::Lambda::Permission"}
    assert left == UNKNOWN_TYPES | nameless


def test_every_edge_works_under_its_names(second: Second) -> None:
    assert faults(second.stack) == []


def test_the_uploads_bucket_has_all_that_it_should(second: Second) -> None:
    name = second.stack.physical("S3BucketUploads")
    assert properties_of(name) == READ_BUCKET.keys()
    s3 = boto3.client("s3")
    told = READ_BUCKET["NotificationConfiguration"](s3, name)
    assert [each["Events"] for each in told] == [
        ["s3:ObjectCreated:*"],
        ["s3:ObjectRemoved:*"],
        ["s3:LifecycleExpiration:*"],
    ]
    dispatch = second.stack.arn("DispatchLambdaFunction")
    assert {each["LambdaFunctionArn"] for each in told} == {dispatch}
    [statement] = json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])["Statement"]
    assert statement["Effect"] == "Deny"


def test_it_reads_the_roles_as_we_do(second: Second) -> None:
    iam = boto3.client("iam")
    for logical, role in second.stack.of_type("AWS::IAM::Role"):
        name = second.stack.physical(logical)
        made = iam.get_role(RoleName=name)["Role"]
        assert made["Arn"] == second.stack.arn(logical)
        assert made["AssumeRolePolicyDocument"] == role["AssumeRolePolicyDocument"]
        for policy in role["Policies"]:
            stored: Any = iam.get_role_policy(RoleName=name, PolicyName=policy["PolicyName"])
            document = ast.literal_eval(stored["PolicyDocument"])
            # moto leaves a hole where a statement is AWS::NoValue.
            statements = [each for each in document["Statement"] if each]
            assert statements == policy["PolicyDocument"]["Statement"], name


def test_it_reads_the_functions_as_we_do(second: Second) -> None:
    client = boto3.client("lambda")
    for logical, function in second.stack.of_type("AWS::Lambda::Function"):
        made = client.get_function_configuration(FunctionName=function["FunctionName"])
        assert made["FunctionArn"] == second.stack.arn(logical)
        assert made["Environment"] == function["Environment"]
        for key in ("Role", "Handler", "Runtime", "Timeout", "MemorySize"):
            assert made[key] == function[key], (logical, key)


@pytest.mark.parametrize("function", ["DispatchLambdaFunction", "FailVideoLambdaFunction"])
def test_it_reads_the_permissions_as_we_do(second: Second, function: str) -> None:
    stored = boto3.client("lambda").get_policy(FunctionName=second.stack.physical(function))
    [theirs] = json.loads(stored["Policy"])["Statement"]
    [ours] = function_policy(second.stack, function)
    assert {key: theirs[key] for key in ours} == ours


def test_it_reads_the_event_sources_as_we_do(second: Second) -> None:
    expected = {
        (each["FunctionName"], each["EventSourceArn"], each["BatchSize"])
        for _, each in second.stack.of_type("AWS::Lambda::EventSourceMapping")
    }
    assert expected == {
        (each["FunctionArn"], each["EventSourceArn"], each["BatchSize"]) for each in second.mappings
    }


def test_it_reads_the_queues_as_we_do(second: Second) -> None:
    sqs = boto3.client("sqs")
    for logical, queue in second.stack.of_type("AWS::SQS::Queue"):
        url = second.stack.resolve({"Ref": logical})
        made = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        assert made["QueueArn"] == second.stack.arn(logical)
        assert json.loads(made.get("RedrivePolicy", "null")) == queue.get("RedrivePolicy")
        if "VisibilityTimeout" in queue:
            assert int(made["VisibilityTimeout"]) == queue["VisibilityTimeout"]


def test_it_reads_the_rule_and_the_machine_as_we_do(second: Second) -> None:
    rule = second.stack.properties("LongVideoEnded")
    events = boto3.client("events")
    made = events.describe_rule(Name=second.stack.physical("LongVideoEnded"))
    assert made["Arn"] == second.stack.arn("LongVideoEnded")
    assert json.loads(made["EventPattern"]) == rule["EventPattern"]
    assert events.list_targets_by_rule(Rule=made["Name"])["Targets"] == rule["Targets"]
    machine = boto3.client("stepfunctions").describe_state_machine(
        stateMachineArn=second.stack.arn("LongVideo")
    )
    assert machine["roleArn"] == second.stack.arn("LongVideoRole")
    assert json.loads(machine["definition"]) == second.stack.properties("LongVideo")["Definition"]


@pytest.mark.parametrize(
    ("media_type", "queue"),
    [("image", "ImageQueue"), ("video", "VideoQueue"), ("audio", "VideoQueue"), ("text", None)],
)
def test_the_topic_delivers_to_the_queue_that_asked(
    second: Second, media_type: str, queue: str | None
) -> None:
    sqs = boto3.client("sqs")
    boto3.client("sns").publish(
        TopicArn=second.stack.arn("MediaTopic"),
        Message='{"raw": true}',
        MessageAttributes={
            "media_type": {"DataType": "String", "StringValue": media_type},
            "action": {"DataType": "String", "StringValue": "created"},
        },
    )
    got = {}
    for logical in ("ImageQueue", "VideoQueue"):
        url = second.stack.resolve({"Ref": logical})
        for message in sqs.receive_message(QueueUrl=url).get("Messages", []):
            got[logical] = message["Body"]
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert got == ({queue: '{"raw": true}'} if queue else {})
