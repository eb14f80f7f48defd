"""The role that deploys from GitHub: enough for CloudFormation, and of one stage alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from cfnlint import api
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from tests.infrastructure.iam import Decision, Request, as_list, decide, like

TEMPLATE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "github-oidc-role.yml"
ACCOUNT = "123456789012"
NAMES = {
    "AWS::Partition": "aws",
    "AWS::AccountId": ACCOUNT,
    "Stage": "dev",
    "Repository": "acme/media",
    "Branch": "main",
}
WITHOUT_NAMES = {
    "EventSources",
    "EventSourceTags",
    "HttpApis",
    "WhatTakesNoResource",
    "Cdn",
    "SeeVpc",
}
"""Statements whose resources AWS names by chance, or not at all."""

UNUSED = (
    # Features that no resource of a stage has: own keys, replicas, imports, file systems, streams.
    r"(kms|s3tables|s3files|elasticfilesystem|kinesis|firehose):",
    r"s3:(REST|getObject|\w*Object(?!Lock)|\w*ObjectAcl|Update|PutReplication|PutBucketReplication)",
    r"lambda:(Associate|PassCapacity)|iam:(Attach|Detach|CreateServiceLinked|\w+Boundary)",
    r"dynamodb:(Associate|BatchWrite|DeleteItem|DeleteResourcePolicy|Disable|Enable|GetItem|Import)",
    r"dynamodb:(PutItem|PutResource|Query|Scan|UpdateItem|UpdateContributor|UpdateKinesis)",
    r"dynamodb:CreateTableReplica|sns:PutDataProtection|cloudfront:UpdateDistributionWithStaging",
    r"logs:(Associate|CreateLogDelivery|CreateLogStream|Disassociate|PutBearer|PutData|PutIndex)",
    r"logs:(PutLogGroupDeletion|PutLogEvents|PutResourcePolicy)",
    # What is tagged by POST and DELETE of /tags.
    r"apigateway:(Tag|Untag)Resource|s3:(Put|Get)BucketObjectLockConfiguration",
)  # fmt: skip


class Loader(yaml.SafeLoader):
    """Reads CloudFormation's short tags as `(tag, value)`."""


def _construct(loader: Loader, tag: str, node: Any) -> tuple[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        return tag, loader.construct_scalar(node)
    return tag, loader.construct_sequence(node, deep=True)


Loader.add_multi_constructor("!", _construct)


def resolve(value: Any, on: frozenset[str]) -> Any:
    """Return what CloudFormation makes of a value, with these conditions on."""
    if isinstance(value, dict):
        return {name: resolve(each, on) for name, each in value.items()}
    if isinstance(value, list):
        found = [resolve(each, on) for each in value]
        return [each for each in found if each != "AWS::NoValue"]
    if not isinstance(value, tuple):
        return value
    tag, inner = value
    if tag == "If":
        return resolve(inner[1] if inner[0] in on else inner[2], on)
    if tag == "Sub":
        return re.sub(r"\$\{([\w:]+)\}", lambda found: NAMES[found[1]], inner)
    return inner


def role(*on: str) -> dict[str, Any]:
    read = yaml.load(TEMPLATE.read_text("utf-8"), Loader)
    found: dict[str, Any] = resolve(read["Resources"]["Role"]["Properties"], frozenset(on))
    return found


def statements(*on: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = role(*on)["Policies"][0]["PolicyDocument"]["Statement"]
    return found


ALL = statements("HasDelivery", "HasVpc")


def may(action: str, resource: str, **context: str) -> bool:
    named = {name.replace("_", ":"): value for name, value in context.items()}
    request = Request("role", action, resource, named)
    return decide(ALL, request) is Decision.ALLOWED


def test_the_schemas_have_nothing_to_say_about_the_template() -> None:
    assert [match.message for match in api.lint_file(TEMPLATE)] == []


@pytest.mark.parametrize(
    ("on", "subject"),
    [
        ((), "repo:acme/media:environment:dev"),
        (("HasBranch",), "repo:acme/media:ref:refs/heads/main"),
    ],
)
def test_one_repositorys_jobs_of_one_environment_or_branch_are_trusted(on, subject) -> None:
    (trust,) = role(*on)["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Action"] == "sts:AssumeRoleWithWebIdentity"
    provider = "token.actions.githubusercontent.com"
    expected = {f"{provider}:aud": "sts.amazonaws.com", f"{provider}:sub": subject}
    assert trust["Condition"] == {"StringEquals": expected}
    parameters = yaml.load(TEMPLATE.read_text("utf-8"), Loader)["Parameters"]
    for name in ("Repository", "Stage", "Branch"):
        pattern = parameters[name]["AllowedPattern"]
        assert not re.fullmatch(pattern, "acme/*")
        assert not re.fullmatch(pattern, "*")


def needed(resources: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what CloudFormation asks for in the deployer's name, by kind of resource."""
    for kind in sorted({each["Type"] for each in resources.values()}):
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
        for step in ("create", "read", "update", "delete"):
            for action in schema.get("handlers", {}).get(step, {}).get("permissions", []):
                if not any(re.match(each, action) for each in UNUSED):
                    yield kind, action


def test_the_role_may_do_what_cloudformation_does_in_its_name(resources: dict[str, Any]) -> None:
    allowed = [each for one in ALL if one["Effect"] == "Allow" for each in as_list(one["Action"])]
    missing = {
        (kind, action)
        for kind, action in needed(resources)
        if not any(like(each, action, ignore_case=True) for each in allowed)
    }
    assert missing == set()


TAKE_NO_RESOURCE = (
    # "you must specify all resources": https://docs.aws.amazon.com/service-authorization/latest/
    # reference/list_amazoncloudfront.html, list_amazoncloudwatchlogs.html, list_amazonsns.html
    r"cloudfront:(Create|List(?!Tags)|(Get|Update|Delete)(KeyGroup|PublicKey))",
    r"logs:Describe(IndexPolicies|LogGroups|ResourcePolicies)",
    r"sns:(GetSubscriptionAttributes|SetSubscriptionAttributes|Unsubscribe)|lambda:CreateEventSource",
)


def test_what_takes_no_resource_is_asked_of_none() -> None:
    """A pattern of names allows nothing there: `*` is all that fits."""
    kinds = (
        "Distribution",
        "CachePolicy",
        "Function",
        "KeyGroup",
        "OriginAccessControl",
        "PublicKey",
    )
    asked = [
        *(f"AWS::CloudFront::{kind}" for kind in kinds),
        "AWS::CloudFront::ResponseHeadersPolicy",
    ]
    asked += ["AWS::Logs::LogGroup", "AWS::SNS::Subscription", "AWS::Lambda::EventSourceMapping"]
    ours = {"lambda_FunctionArn": arn("lambda", "function:media-pipeline-dev-api")}
    forbidden = {
        action
        for _, action in needed({kind: {"Type": kind} for kind in asked})
        if any(re.match(each, action) for each in TAKE_NO_RESOURCE) and not may(action, "*", **ours)
    }
    assert forbidden == set()


def test_what_has_a_name_is_the_stages() -> None:
    for each in ALL:
        mine = all(
            re.search(r"media(-pipeline)?-dev(-|/|$)", arn) for arn in as_list(each["Resource"])
        )
        assert mine == (each["Sid"] not in WITHOUT_NAMES), each["Sid"]
        assert "*" not in as_list(each["Action"])


def arn(service: str, rest: str, region: str = "us-east-1") -> str:
    return f"arn:aws:{service}:{region}:{ACCOUNT}:{rest}"


@pytest.mark.parametrize("stage", ["dev", "prod"])
@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("cloudformation:CreateChangeSet", arn("cloudformation", "stack/media-pipeline-{}/1")),
        ("lambda:UpdateFunctionCode", arn("lambda", "function:media-pipeline-{}-dispatch")),
        ("lambda:PublishLayerVersion", arn("lambda", "layer:media-pipeline-{}-imaging")),
        ("s3:PutObject", "arn:aws:s3:::media-pipeline-{}-serverlessdeploymentbucket-1/zip"),
        ("s3:PutLifecycleConfiguration", "arn:aws:s3:::media-{}-in-123456789012-us-east-1"),
        ("s3:PutBucketPolicy", "arn:aws:s3:::media-{}-out-123456789012-us-east-1"),
        ("dynamodb:UpdateTable", arn("dynamodb", "table/media-pipeline-{}-catalog")),
        ("sqs:SetQueueAttributes", arn("sqs", "media-pipeline-{}-ImageQueue-1")),
        ("sns:Subscribe", arn("sns", "media-pipeline-{}-MediaTopic-1")),
        ("iam:PutRolePolicy", arn("iam", "role/media-pipeline-{}-ApiRole-1", "")),
        ("states:UpdateStateMachine", arn("states", "stateMachine:media-pipeline-{}-long-video")),
        ("cloudwatch:PutDashboard", arn("cloudwatch", "dashboard/media-pipeline-{}", "")),
        ("logs:PutRetentionPolicy", arn("logs", "log-group:/aws/lambda/media-pipeline-{}-api:*")),
    ],
)
def test_the_role_changes_its_own_stage_and_no_other(stage, action, resource) -> None:
    assert may(action, resource.format(stage)) == (stage == "dev")


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("s3:GetObject", f"arn:aws:s3:::media-dev-in-{ACCOUNT}-us-east-1/ada/cat.jpg"),
        ("s3:PutObject", f"arn:aws:s3:::media-dev-out-{ACCOUNT}-us-east-1/config/watermark.png"),
        ("s3:DeleteObjectVersion", f"arn:aws:s3:::media-dev-in-{ACCOUNT}-us-east-1/ada/cat.jpg"),
        ("dynamodb:Scan", arn("dynamodb", "table/media-pipeline-dev-catalog")),
        ("sqs:ReceiveMessage", arn("sqs", "media-pipeline-dev-ImageQueue-1")),
        ("sns:Publish", arn("sns", "media-pipeline-dev-MediaTopic-1")),
        ("lambda:InvokeFunction", arn("lambda", "function:media-pipeline-dev-api")),
        ("iam:AttachRolePolicy", arn("iam", "role/media-pipeline-dev-ApiRole-1", "")),
        ("iam:CreateUser", arn("iam", "user/eve", "")),
        ("iam:PutRolePolicy", arn("iam", "role/github-media-pipeline-dev", "")),
        ("iam:PassRole", arn("iam", "role/media-pipeline-dev-ApiRole-1", "")),
    ],
)
def test_what_users_own_and_what_others_own_is_left_alone(action, resource) -> None:
    assert not may(action, resource, iam_PassedToService="ec2.amazonaws.com")


def test_roles_are_given_to_functions_and_executions_only() -> None:
    given = arn("iam", "role/media-pipeline-dev-ApiRole-1", "")
    assert may("iam:PassRole", given, iam_PassedToService="lambda.amazonaws.com")
    assert may("iam:PassRole", given, iam_PassedToService="states.amazonaws.com")


def test_the_policy_fits_into_a_role() -> None:
    assert len(json.dumps(ALL, separators=(",", ":"))) < 10_240


def test_the_cdn_and_a_vpc_are_asked_for_where_a_stage_has_them() -> None:
    assert {each["Sid"] for each in ALL} - {each["Sid"] for each in statements()} == {
        "Cdn",
        "SeeVpc",
    }
