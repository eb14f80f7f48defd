"""What CloudFront does for a distribution: it signs what it asks; the origins decide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tests.infrastructure.calls import CONFIG, RENDITION, WORK
from tests.infrastructure.deliveries import bucket_policy, find_function, function_policy
from tests.infrastructure.edge import Delivery, Edge, check_delivery
from tests.infrastructure.iam import Decision, Request, decide
from tests.infrastructure.stack import DanglingError, Stack

CLOUDFRONT = "cloudfront.amazonaws.com"
FOR_A_URL = ("lambda:InvokeFunctionUrl", "lambda:InvokeFunction")
"""Both, since October 2025: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"""

Statements = Iterable[Mapping[str, Any]]


def of_distribution(stack: Stack, distribution: str) -> Iterator[Edge]:
    """CloudFront → S3 and Lambda, by origin access control, and its function at the edge."""
    config = stack.properties(distribution)["DistributionConfig"]
    origins = {each["Id"]: each for each in config["Origins"]}
    for each in origins.values():
        yield from _of_origin(stack, distribution, each)
    for behavior in (config["DefaultCacheBehavior"], *config["CacheBehaviors"]):
        if behavior["TargetOriginId"] not in origins:
            raise DanglingError(f"{behavior['TargetOriginId']} is no origin of {distribution}")
        for each in behavior.get("FunctionAssociations", []):
            yield Edge("CloudFront → its function", distribution, each["FunctionARN"])


def _of_origin(stack: Stack, distribution: str, origin: Mapping[str, Any]) -> Iterator[Edge]:
    access = stack.logical_of(origin["OriginAccessControlId"])
    signs = stack.properties(access)["OriginAccessControlConfig"]
    kind = signs["OriginAccessControlOriginType"]
    always = (signs["SigningBehavior"], signs["SigningProtocol"]) == ("always", "sigv4")
    fault = "" if always else "does not sign all that it asks"
    yield Edge("CloudFront signs", distribution, access, fault)
    if kind == "s3":
        bucket = stack.logical_of(origin["DomainName"].split(".")[0])
        yield from _of_bucket(stack, distribution, bucket)
    elif kind == "lambda":
        url = stack.logical_of(origin["DomainName"].split(".")[0])
        function = find_function(stack, stack.properties(url)["TargetFunctionArn"])
        for action in FOR_A_URL:
            delivery = Delivery(CLOUDFRONT, action, distribution, function)
            policy = function_policy(stack, function)
            yield check_delivery(stack, "CloudFront → Lambda", delivery, policy)
        public = stack.properties(url)["AuthType"] != "AWS_IAM"
        yield Edge("function URL", url, function, "is open to everybody" if public else "")
    else:
        raise NotImplementedError(f"{access} is for {kind}")


def _of_bucket(stack: Stack, distribution: str, bucket: str) -> Iterator[Edge]:
    """It reads renditions, and nothing else may be read by any distribution."""
    policy = bucket_policy(stack, bucket)
    ours, theirs = stack.arn(distribution), f"{stack.arn(distribution)}2"

    def ask(action: str, below: str, source: str) -> bool:
        context = {"aws:SourceArn": source, "aws:SecureTransport": "true"}
        request = Request(CLOUDFRONT, action, stack.arn(bucket) + below, context)
        return decide(policy, request) is Decision.ALLOWED

    faults = {
        "may not read renditions": not ask("s3:GetObject", RENDITION, ours),
        "reads what operators configure": ask("s3:GetObject", CONFIG, ours),
        "reads what is being made": ask("s3:GetObject", WORK, ours),
        "reads what is no rendition": ask("s3:GetObject", "/backup.tar", ours),
        "lists the bucket": ask("s3:ListBucket", "", ours),
        "writes": ask("s3:PutObject", RENDITION, ours),
        "is open to other distributions": ask("s3:GetObject", RENDITION, theirs),
    }
    found = [fault for fault, is_so in faults.items() if is_so]
    yield Edge("CloudFront → S3", distribution, bucket, ", ".join(found))
