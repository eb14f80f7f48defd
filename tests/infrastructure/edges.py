"""Every edge of the flow, derived from a packaged template, and what is wrong with it.

An edge is one thing that one resource does to another: both ends exist, and what AWS would evaluate
allows exactly that. `faults` says by name what is missing, dangling, or open to strangers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from tests.infrastructure import deliveries, distribution, roles
from tests.infrastructure.edge import Edge
from tests.infrastructure.iam import as_list
from tests.infrastructure.stack import DanglingError, Stack

DERIVED: Mapping[str, Callable[[Stack, str], Iterator[Edge]]] = {
    "AWS::ApiGatewayV2::Route": deliveries.of_route,
    "AWS::CloudFront::Distribution": distribution.of_distribution,
    "AWS::CloudWatch::Alarm": deliveries.of_alarm,
    "AWS::Events::Rule": deliveries.of_rule,
    "AWS::IAM::Role": roles.of_role,
    "AWS::Lambda::EventInvokeConfig": roles.of_invoke_config,
    "AWS::Lambda::EventSourceMapping": roles.of_mapping,
    "AWS::Lambda::Function": roles.of_function,
    "AWS::Lambda::Permission": deliveries.of_permission,
    "AWS::S3::Bucket": deliveries.of_bucket,
    "AWS::S3::BucketPolicy": deliveries.of_bucket_policy,
    "AWS::SNS::Subscription": deliveries.of_subscription,
    "AWS::SQS::Queue": deliveries.of_queue,
    "AWS::SQS::QueuePolicy": deliveries.of_queue_policy,
    "AWS::StepFunctions::StateMachine": roles.of_state_machine,
}
PASSIVE = {
    "AWS::ApiGatewayV2::Api",
    "AWS::ApiGatewayV2::Authorizer",
    "AWS::ApiGatewayV2::Integration",
    "AWS::ApiGatewayV2::Stage",
    "AWS::CloudFront::CachePolicy",
    "AWS::CloudFront::Function",
    "AWS::CloudFront::KeyGroup",
    "AWS::CloudFront::OriginAccessControl",
    "AWS::CloudFront::PublicKey",
    "AWS::CloudFront::ResponseHeadersPolicy",
    "AWS::Lambda::Url",
    "AWS::CloudWatch::Dashboard",
    "AWS::DynamoDB::Table",
    "AWS::Lambda::LayerVersion",
    "AWS::Logs::LogGroup",
    "AWS::SNS::Topic",
}
"""What does nothing by itself. A type that is in neither table fails, so that it is thought of."""


def edges(stack: Stack) -> Iterator[Edge]:
    """Yield every edge, and one with a fault for whatever refers to nothing."""
    for logical, resource in stack.resources.items():
        kind = resource["Type"]
        if kind not in PASSIVE and kind not in DERIVED:
            raise NotImplementedError(f"{logical} is a {kind}: what does it do, and may it?")
        try:
            yield from _after(stack, logical, as_list(resource.get("DependsOn", [])))
            stack.properties(logical)
            if kind in DERIVED:
                yield from DERIVED[kind](stack, logical)
        except DanglingError as exc:
            yield Edge("reference", logical, kind, str(exc))
    for name, output in stack.template.get("Outputs", {}).items():
        try:
            stack.resolve(output)
        except DanglingError as exc:
            yield Edge("reference", f"output {name}", "", str(exc))


def _after(stack: Stack, logical: str, needed: list[str]) -> Iterator[Edge]:
    for each in needed:
        fault = "" if each in stack.resources else f"{each} is not in the template"
        yield Edge("order", logical, each, fault)


def faults(stack: Stack) -> list[str]:
    """Return what is wrong, by name; nothing where AWS would run all of it."""
    return [str(edge) for edge in edges(stack) if edge.fault]
