"""Each edge of the flow works on AWS, in every stage; and what would not is seen, by name."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from dataclasses import replace

from tests.infrastructure.calls import CALLS, CONFIG
from tests.infrastructure.conftest import LONGEST
from tests.infrastructure.edges import edges, faults
from tests.infrastructure.mutants import Mutant, mutants
from tests.infrastructure.roles import ask
from tests.infrastructure.stack import Stack
from tests.support.functions import functions_of

KINDS = {
    "S3 → Lambda",
    "SNS → SQS",
    "SNS → subscription's dead letters",
    "SQS → Lambda",
    "SQS → dead letters",
    "stream → Lambda",
    "EventBridge → Lambda",
    "EventBridge → dead letters",
    "Lambda → destination",
    "Lambda → logs",
    "Lambda → resource",
    "Step Functions → Lambda",
    "Step Functions → itself",
    "trust",
}


def test_every_edge_works(stack: Stack) -> None:
    assert faults(stack) == []


def test_no_account_region_or_partition_is_written_anywhere(stack: Stack) -> None:
    elsewhere = replace(stack, account="123456789012", region="cn-north-1", partition="aws-cn")
    assert faults(elsewhere) == []


def test_the_flow_has_an_edge_of_every_kind(stack: Stack) -> None:
    kinds = {edge.kind for edge in edges(stack)}
    assert kinds >= KINDS
    assert ("Lambda → X-Ray" in kinds) == (stack.stage == "prod")
    assert ("Lambda → VPC" in kinds) == (stack.stage == LONGEST)
    assert ("HTTP API → Lambda" in kinds) == ("api" in functions_of(stack.stage))
    of_cdn = ("CloudFront → S3", "CloudFront → Lambda", "CloudFront → its function")
    for kind in (*of_cdn, "Lambda → secret"):
        assert (kind in kinds) == (stack.stage == LONGEST)


def test_who_shows_renditions_reads_nothing_of_operators(stack: Stack) -> None:
    if "api" in functions_of(stack.stage):
        arn = stack.arn("Renditions")
        for below in (CONFIG, "/backup.tar"):
            asked = ask(
                stack, "Lambda → resource", "ApiLambdaFunction", "s3:GetObject", arn + below
            )
            assert asked.fault, below


def test_the_calls_are_those_of_the_functions_that_there_are(stack: Stack) -> None:
    functions = {each["FunctionName"] for _, each in stack.of_type("AWS::Lambda::Function")}
    assert functions == {f"{stack.name}-{name}" for name in functions_of(stack.stage)}
    assert set(functions_of(LONGEST)) == set(CALLS)


def survivors(tried: list[Mutant]) -> list[str]:
    return [
        each.what for each in tried if not any(each.named in fault for fault in faults(each.stack))
    ]


def test_whatever_is_missing_or_wrong_is_named(stack_of: Callable[[str], Stack]) -> None:
    tried = list(mutants(stack_of("prod")))
    assert survivors(tried) == []
    assert len(tried) > 200


def test_what_a_vpc_needs_and_is_missing_is_named(stack_of: Callable[[str], Stack]) -> None:
    tried = [each for each in mutants(stack_of(LONGEST)) if re.search("JoinVpc|ec2:", each.what)]
    assert survivors(tried) == []
    assert len(tried) > 50


def test_what_a_distribution_needs_and_is_missing_is_named(
    stack_of: Callable[[str], Stack],
) -> None:
    of_delivery = re.compile("Deliver|Distribution|RenditionsPolicy|ReadTheKey|ssm:")
    tried = [each for each in mutants(stack_of(LONGEST)) if of_delivery.search(each.what)]
    assert survivors(tried) == []
    assert len(tried) > 20


def test_a_bucket_that_is_named_by_the_wrong_key_fails_by_name(
    stack_of: Callable[[str], Stack],
) -> None:
    # What osls packages where serverless.yml says `bucketName:` in place of `name:`.
    template = copy.deepcopy(stack_of("dev").template)
    permission = template["Resources"]["DispatchLambdaPermissionUploadsS3"]["Properties"]
    permission["SourceArn"] = {
        "Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":s3:::uploads"]]
    }
    found = faults(replace(stack_of("dev"), template=template))
    assert any(each.startswith("S3 → Lambda: S3BucketUploads → Dispatch") for each in found)
    assert any("arn:aws:s3:::uploads is no resource" in each for each in found)
