"""What services do for our resources: the targets' policies decide."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.infrastructure.edge import Delivery, Edge, check_delivery
from tests.infrastructure.iam import as_list
from tests.infrastructure.stack import DanglingError, Stack

S3, SNS, EVENTS = "s3.amazonaws.com", "sns.amazonaws.com", "events.amazonaws.com"
API = "apigateway.amazonaws.com"
INVOKE, SEND = "lambda:InvokeFunction", "sqs:SendMessage"
Statement = dict[str, Any]


def function_policy(stack: Stack, function: str) -> Iterator[Statement]:
    """Yield what AWS makes of the permissions on a function."""
    for _, each in stack.of_type("AWS::Lambda::Permission"):
        if find_function(stack, each["FunctionName"]) != function:
            continue
        condition: dict[str, Any] = {}
        if "SourceArn" in each:
            condition["ArnLike"] = {"AWS:SourceArn": each["SourceArn"]}
        if "SourceAccount" in each:
            condition["StringEquals"] = {"AWS:SourceAccount": each["SourceAccount"]}
        yield {
            "Effect": "Allow",
            "Principal": {"Service": each["Principal"]},
            "Action": each["Action"],
            "Resource": stack.arn(function),
            "Condition": condition,
        }


def find_function(stack: Stack, named: str) -> str:
    """Return the logical id of a function by its name or ARN. Raises DanglingError."""
    if named.startswith("arn:"):
        return stack.logical(named)
    return stack.logical(
        f"arn:{stack.partition}:lambda:{stack.region}:{stack.account}:function:{named}"
    )


def queue_policy(stack: Stack, queue: str) -> list[Statement]:
    """Return the statements of a queue's policy. Raises DanglingError where two overwrite it."""
    url = stack.resolve({"Ref": queue})
    found = [each for _, each in stack.of_type("AWS::SQS::QueuePolicy") if url in each["Queues"]]
    if len(found) > 1:
        raise DanglingError(f"{queue} has {len(found)} policies: the last one replaces the others")
    return [each for policy in found for each in policy["PolicyDocument"]["Statement"]]


def bucket_policy(stack: Stack, bucket: str) -> list[Statement]:
    """Return the statements of a bucket's policy."""
    name = stack.physical(bucket)
    policies = [each for _, each in stack.of_type("AWS::S3::BucketPolicy")]
    return [
        statement
        for each in policies
        if each["Bucket"] == name
        for statement in each["PolicyDocument"]["Statement"]
    ]


def of_bucket(stack: Stack, bucket: str) -> Iterator[Edge]:
    """S3 → Lambda. S3 tries the notification when the bucket is made: the permission is first."""
    told = stack.properties(bucket).get("NotificationConfiguration", {})
    if told.keys() - {"LambdaConfigurations"}:
        raise NotImplementedError(f"{bucket} tells others than functions")
    for each in told.get("LambdaConfigurations", []):
        function = find_function(stack, each["Function"])
        delivery = Delivery(S3, INVOKE, bucket, function)
        yield check_delivery(stack, "S3 → Lambda", delivery, function_policy(stack, function))
        first = {
            logical
            for logical, permission in stack.of_type("AWS::Lambda::Permission")
            if permission["Principal"] == S3
        }
        if not first & set(as_list(stack.resources[bucket].get("DependsOn", []))):
            yield Edge("S3 → Lambda", bucket, function, "is made before its permission")


def of_subscription(stack: Stack, subscription: str) -> Iterator[Edge]:
    """SNS → SQS, and what can't be delivered → SQS."""
    each = stack.properties(subscription)
    if each["Protocol"] != "sqs":
        raise NotImplementedError(f"{subscription} by {each['Protocol']}")
    topic = stack.logical(each["TopicArn"])
    for kind, arn in (
        ("SNS → SQS", each["Endpoint"]),
        ("SNS → subscription's dead letters", each["RedrivePolicy"]["deadLetterTargetArn"]),
    ):
        queue = stack.logical(arn)
        delivery = Delivery(SNS, SEND, topic, queue)
        yield check_delivery(stack, kind, delivery, queue_policy(stack, queue))


def of_rule(stack: Stack, rule: str) -> Iterator[Edge]:
    """EventBridge → Lambda, and what can't be delivered → SQS."""
    properties = stack.properties(rule)
    pattern = properties.get("EventPattern", {})
    for arn in pattern.get("detail", {}).get("stateMachineArn", []):
        yield Edge("EventBridge ← Step Functions", stack.logical(arn), rule)
    for target in properties["Targets"]:
        function = find_function(stack, target["Arn"])
        delivery = Delivery(EVENTS, INVOKE, rule, function)
        policy = function_policy(stack, function)
        yield check_delivery(stack, "EventBridge → Lambda", delivery, policy)
        if "ScheduleExpression" in properties:
            continue  # what can't be delivered is made up for the next time
        queue = stack.logical(target["DeadLetterConfig"]["Arn"])
        delivery = Delivery(EVENTS, SEND, rule, queue)
        policy_of_queue = queue_policy(stack, queue)
        yield check_delivery(stack, "EventBridge → dead letters", delivery, policy_of_queue)


def of_queue(stack: Stack, queue: str) -> Iterator[Edge]:
    """SQS → dead letters. Nobody's key: services could not write to a queue that has one."""
    properties = stack.properties(queue)
    if "KmsMasterKeyId" in properties:
        yield Edge("SQS", queue, "KMS", "no service may use the key")
    if "RedrivePolicy" in properties:
        letters = stack.logical(properties["RedrivePolicy"]["deadLetterTargetArn"])
        yield Edge("SQS → dead letters", queue, letters)


def of_alarm(stack: Stack, alarm: str) -> Iterator[Edge]:
    """CloudWatch → SNS: a topic without a policy of its own takes its account's alarms."""
    for arn in stack.properties(alarm)["AlarmActions"]:
        yield Edge("CloudWatch → SNS", alarm, stack.logical(arn))


def of_permission(stack: Stack, permission: str) -> Iterator[Edge]:
    """A permission is for a function and a source of this template."""
    each = stack.properties(permission)
    function = find_function(stack, each["FunctionName"])
    if "SourceArn" not in each:
        yield Edge("permission", permission, function, "is for any source")
        return
    yield Edge("permission", stack.logical(each["SourceArn"]), function)


def of_queue_policy(stack: Stack, policy: str) -> Iterator[Edge]:
    """A policy speaks of its own queues, and of sources of this template."""
    properties = stack.properties(policy)
    urls = {
        stack.resolve({"Ref": logical}): logical for logical, _ in stack.of_type("AWS::SQS::Queue")
    }
    own = {stack.arn(urls[url]) for url in properties["Queues"]}
    for statement in properties["PolicyDocument"]["Statement"]:
        for arn in as_list(statement["Resource"]):
            fault = "" if arn in own else f"{arn} is none of its queues"
            yield Edge("queue policy", policy, stack.logical(arn), fault)
        for arns in statement.get("Condition", {}).get("ArnEquals", {}).values():
            for arn in as_list(arns):
                yield Edge("queue policy", stack.logical(arn), policy)


def of_route(stack: Stack, route: str) -> Iterator[Edge]:
    """HTTP API → Lambda, for what is asked by whom the stage lets ask."""
    properties = stack.properties(route)
    api = _by_id(stack, "AWS::ApiGatewayV2::Api", properties["ApiId"])
    if properties["RouteKey"].split()[0] in ("ANY", "$default"):
        # API Gateway answers a browser's OPTIONS only where no route takes it.
        yield Edge("HTTP API → Lambda", route, api, "takes the browsers' OPTIONS away from CORS")
    target = properties["Target"].removeprefix("integrations/")
    integration = _by_id(stack, "AWS::ApiGatewayV2::Integration", target)
    function = find_function(stack, stack.properties(integration)["IntegrationUri"])
    delivery = Delivery(API, INVOKE, api, function)
    yield check_delivery(stack, "HTTP API → Lambda", delivery, function_policy(stack, function))


def _by_id(stack: Stack, kind: str, physical: str) -> str:
    """Return the logical id of a resource by what its Ref is. Raises DanglingError."""
    for logical, _ in stack.of_type(kind):
        if stack.physical(logical) == physical:
            return logical
    raise DanglingError(f"{physical} is no {kind} of the template")


def of_bucket_policy(stack: Stack, policy: str) -> Iterator[Edge]:
    """A policy speaks of its own bucket."""
    properties = stack.properties(policy)
    own = f"arn:{stack.partition}:s3:::{properties['Bucket']}"
    for statement in properties["PolicyDocument"]["Statement"]:
        for arn in as_list(statement["Resource"]):
            is_own = arn == own or arn.startswith(f"{own}/")
            fault = "" if is_own else f"{arn} is not of its bucket"
            yield Edge("bucket policy", policy, stack.logical(own), fault)
