"""The packaged template in moto: an implementation that knows neither ours nor the emulator's.

moto's CloudFormation makes what it knows. The rest is given to its services one resource at a time,
by the API that CloudFormation would call, so that botocore and moto check that too.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3

from tests.infrastructure.stack import Stack

UNKNOWN_TYPES = {
    "AWS::CloudWatch::Alarm",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Subscription",
    "AWS::SQS::QueuePolicy",
}
"""What moto's CloudFormation leaves out. The tests say when this is not true any more."""

UNKNOWN_OF_BUCKETS = {
    "LifecycleConfiguration",
    "NotificationConfiguration",
    "OwnershipControls",
    "PublicAccessBlockConfiguration",
    "VersioningConfiguration",
}
"""Properties of a bucket that moto's CloudFormation drops in silence."""


@dataclass(frozen=True)
class Deployed(Stack):
    """A stack with the names that moto gave."""

    names: Mapping[str, str] = field(default_factory=dict, compare=False)
    stream: str = ""

    def physical(self, logical: str) -> str:
        """Return the name that moto gave a resource, or the one that it should have given."""
        return self.names.get(logical) or super().physical(logical)

    def _get_att(self, logical: str, attribute: str) -> str:
        return self.stream if attribute == "StreamArn" else super()._get_att(logical, attribute)


def deploy(stack: Stack) -> tuple[Deployed, set[str]]:
    """Create the stack in moto; return it, and the types that moto did not know."""
    client = boto3.client("cloudformation", region_name=stack.region)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        client.create_stack(
            StackName=stack.name,
            TemplateBody=json.dumps(stack.template),
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
        listed = client.describe_stack_resources(StackName=stack.name)["StackResources"]
    told = " ".join(str(each.message) for each in warned)
    [made] = client.describe_stacks(StackName=stack.name)["Stacks"]
    assert made["StackStatus"] == "CREATE_COMPLETE", made
    # The names of layers, by which moto would not find them, are not told.
    names = {
        each["LogicalResourceId"]: re.split("[/:]", each["PhysicalResourceId"])[-1]
        if each["ResourceType"] != "AWS::Logs::LogGroup"
        else each["PhysicalResourceId"]
        for each in listed
        if each.get("PhysicalResourceId")
    }
    table = boto3.client("dynamodb", region_name=stack.region).describe_table(
        TableName=names["Catalog"]
    )
    deployed = Deployed(
        stack.template,
        stack.stage,
        stack.region,
        stack.account,
        folder=stack.folder,
        names=names,
        stream=table["Table"]["LatestStreamArn"],
    )
    return deployed, set(re.findall(r"Tried to parse (\S+) but", told))


def apply_rest(stack: Deployed) -> None:
    """Give moto's services what its CloudFormation does not know."""
    for logical, resource in stack.resources.items():
        if resource["Type"] in APPLIED:
            APPLIED[resource["Type"]](stack, stack.properties(logical))
    for bucket, properties in stack.of_type("AWS::S3::Bucket"):
        _apply_to_bucket(stack, stack.physical(bucket), properties)
    boto3.client("stepfunctions", region_name=stack.region).update_state_machine(
        stateMachineArn=stack.arn("LongVideo"),
        definition=json.dumps(stack.properties("LongVideo")["Definition"]),
    )


def _apply_to_bucket(stack: Stack, name: str, properties: dict[str, Any]) -> None:
    s3 = boto3.client("s3", region_name=stack.region)
    s3.put_public_access_block(
        Bucket=name,
        PublicAccessBlockConfiguration=properties["PublicAccessBlockConfiguration"],
    )
    if "VersioningConfiguration" in properties:
        s3.put_bucket_versioning(
            Bucket=name, VersioningConfiguration=properties["VersioningConfiguration"]
        )
    if "OwnershipControls" in properties:
        s3.put_bucket_ownership_controls(
            Bucket=name, OwnershipControls=properties["OwnershipControls"]
        )
    if "LifecycleConfiguration" in properties:
        rules = [_rule(each) for each in properties["LifecycleConfiguration"]["Rules"]]
        s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": rules})
    if "NotificationConfiguration" in properties:
        told: Any = [
            {"LambdaFunctionArn": each["Function"], "Events": [each["Event"]]}
            for each in properties["NotificationConfiguration"]["LambdaConfigurations"]
        ]
        s3.put_bucket_notification_configuration(
            Bucket=name, NotificationConfiguration={"LambdaFunctionConfigurations": told}
        )


def _rule(of_template: dict[str, Any]) -> Any:
    """Return a lifecycle rule as the API calls its parts."""
    rule = {**of_template, "ID": of_template["Id"], "Filter": {"Prefix": ""}}
    del rule["Id"]
    if rule.pop("ExpiredObjectDeleteMarker", None):
        rule["Expiration"] = {"ExpiredObjectDeleteMarker": True}
    return rule


def _apply_bucket_policy(stack: Stack, properties: dict[str, Any]) -> None:
    boto3.client("s3", region_name=stack.region).put_bucket_policy(
        Bucket=properties["Bucket"], Policy=json.dumps(properties["PolicyDocument"])
    )


def _apply_queue_policy(stack: Stack, properties: dict[str, Any]) -> None:
    for url in properties["Queues"]:
        boto3.client("sqs", region_name=stack.region).set_queue_attributes(
            QueueUrl=url, Attributes={"Policy": json.dumps(properties["PolicyDocument"])}
        )


def _apply_subscription(stack: Stack, properties: dict[str, Any]) -> None:
    boto3.client("sns", region_name=stack.region).subscribe(
        TopicArn=properties["TopicArn"],
        Protocol=properties["Protocol"],
        Endpoint=properties["Endpoint"],
        Attributes={
            "RawMessageDelivery": str(properties["RawMessageDelivery"]).lower(),
            "FilterPolicy": json.dumps(properties["FilterPolicy"]),
            "RedrivePolicy": json.dumps(properties["RedrivePolicy"]),
        },
    )


def _apply_invoke_config(stack: Stack, properties: dict[str, Any]) -> None:
    boto3.client("lambda", region_name=stack.region).put_function_event_invoke_config(
        FunctionName=properties["FunctionName"],
        MaximumRetryAttempts=properties["MaximumRetryAttempts"],
        DestinationConfig=properties["DestinationConfig"],
    )


def _apply_alarm(stack: Stack, properties: dict[str, Any]) -> None:
    boto3.client("cloudwatch", region_name=stack.region).put_metric_alarm(
        AlarmName=properties["AlarmDescription"], **properties
    )


APPLIED: Mapping[str, Callable[[Stack, dict[str, Any]], None]] = {
    "AWS::CloudWatch::Alarm": _apply_alarm,
    "AWS::Lambda::EventInvokeConfig": _apply_invoke_config,
    "AWS::S3::BucketPolicy": _apply_bucket_policy,
    "AWS::SNS::Subscription": _apply_subscription,
    "AWS::SQS::QueuePolicy": _apply_queue_policy,
}
