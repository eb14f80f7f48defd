"""Tags of a stage reach all that AWS can tag, because they are the stack's."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from tests.infrastructure.conftest import LONGEST
from tests.infrastructure.stack import Stack

UNTAGGABLE = {
    "AWS::ApiGatewayV2::Authorizer",
    "AWS::ApiGatewayV2::Integration",
    "AWS::ApiGatewayV2::Route",
    "AWS::CloudFront::CachePolicy",
    "AWS::CloudFront::KeyGroup",
    "AWS::CloudFront::OriginAccessControl",
    "AWS::CloudFront::PublicKey",
    "AWS::CloudFront::ResponseHeadersPolicy",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::LayerVersion",
    "AWS::Lambda::Permission",
    "AWS::Lambda::Url",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Subscription",
    "AWS::SQS::QueuePolicy",
}
"""What no tag can be given to, by the providers' schemas; none of it costs by itself."""


def stack_tags(stack: Stack) -> Any:
    state = json.loads((stack.folder / "serverless-state.json").read_text())
    return state["service"]["provider"]["stackTags"]


def test_the_stacks_tags_are_the_params(stack_of: Callable[[str], Stack]) -> None:
    assert stack_tags(stack_of(LONGEST)) == {"team": "media", "cost-center": "42"}


def test_cloudformation_tags_whatever_can_be_tagged(resources: dict[str, Any]) -> None:
    kinds = {each["Type"] for each in resources.values()}
    schemas = {
        kind: PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
        for kind in kinds
    }
    tagged = {kind for kind, schema in schemas.items() if schema["tagging"]["taggable"]}
    assert kinds - tagged <= UNTAGGABLE
    assert tagged & UNTAGGABLE == set()
    assert {"AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::SQS::Queue"} <= tagged


def test_no_tag_is_hidden_by_one_of_a_resources_own(resources: dict[str, Any]) -> None:
    own = [name for name, each in resources.items() if "Tags" in each.get("Properties", {})]
    assert own == [], "they would win over the stack's"
