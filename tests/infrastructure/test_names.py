"""Names fit wherever a stage may be deployed, and meet no other stage's."""

from __future__ import annotations

import re
from collections.abc import Callable

import boto3

from tests.infrastructure.conftest import LONGEST
from tests.infrastructure.stack import Stack

NAME_LIMITS = {
    "AWS::CloudWatch::Alarm": 255,
    "AWS::CloudWatch::Dashboard": 255,
    "AWS::DynamoDB::Table": 255,
    "AWS::Events::Rule": 64,
    "AWS::IAM::Role": 64,
    "AWS::Lambda::Function": 64,
    "AWS::Lambda::LayerVersion": 140,
    "AWS::Logs::LogGroup": 512,
    "AWS::S3::Bucket": 63,
    "AWS::SNS::Topic": 256,
    "AWS::SQS::Queue": 80,
    "AWS::StepFunctions::StateMachine": 80,
}
STACK_NAME_LIMIT = 128
BUCKET_NAME = r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]"


def test_names_fit_for_the_longest_stage_in_every_region(stack_of: Callable[[str], Stack]) -> None:
    stack = stack_of(LONGEST)
    session = boto3.Session()
    regions = {
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("lambda", partition)
    }
    longest = max(regions, key=len)
    assert len(LONGEST) == 24
    assert len(longest) >= len("ap-southeast-1")
    given = {name: each.replace(stack.region, longest) for name, each in stack.named().items()}
    assert {stack.resources[logical]["Type"] for logical in given} >= {
        "AWS::S3::Bucket",
        "AWS::Lambda::Function",
        "AWS::Lambda::LayerVersion",
        "AWS::StepFunctions::StateMachine",
    }
    for logical, name in given.items():
        assert len(name) <= NAME_LIMITS[stack.resources[logical]["Type"]], name
        if stack.resources[logical]["Type"] == "AWS::S3::Bucket":
            assert re.fullmatch(BUCKET_NAME, name), name
    assert len(stack.name) <= STACK_NAME_LIMIT


def test_names_differ_between_stages_regions_and_accounts(stack_of: Callable[[str], Stack]) -> None:
    """What is unique in a region needs the stage, a bucket needs region and account too."""
    for one in ("dev", LONGEST):
        stack = stack_of(one)
        for logical, name in stack.named().items():
            assert f"-{one}" in name, name
            if stack.resources[logical]["Type"] == "AWS::S3::Bucket":
                assert stack.region in name
                assert stack.account in name
