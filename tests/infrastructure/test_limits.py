"""What AWS refuses by its size or number, which no emulator checks.

Numbers are those of the services' pages on quotas, such as
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.infrastructure.conftest import LONGEST
from tests.infrastructure.iam import as_list
from tests.infrastructure.stack import Stack
from tests.support.functions import functions_of
from tests.support.packages import read_packages, unzipped_size

RESERVED = {
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
}
"""https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html"""

KIB, MIB = 1024, 1024 * 1024
ENVIRONMENT_LIMIT = 4 * KIB
UNZIPPED_LIMIT = 250 * MIB
NEW_ACCOUNT, FOR_MILLISECONDS = 10, 2
"""Functions at once of a new account; how many of them dispatch, failVideo, sweep, notify share."""

EM_X86_64, EM_AARCH64 = 62, 183
"""`e_machine` of ELF, a little-endian u16 at byte 18: elf.h."""


def functions(stack: Stack) -> dict[str, dict[str, Any]]:
    return dict(stack.of_type("AWS::Lambda::Function"))


def test_environments_are_small_and_name_nothing_reserved(stack: Stack) -> None:
    for name, function in functions(stack).items():
        variables = function["Environment"]["Variables"]
        assert not RESERVED & variables.keys(), name
        assert len(json.dumps(variables).encode()) <= ENVIRONMENT_LIMIT, name
        assert all(re.fullmatch(r"[a-zA-Z]\w+", key) for key in variables), name


@pytest.mark.parametrize("stage", ["dev", LONGEST], indirect=True)
def test_code_and_layers_fit_unzipped(stack: Stack) -> None:
    sizes = {
        name: unzipped_size(package.code)
        + sum(unzipped_size(stack.folder / f"{layer}.zip") for layer in package.layers)
        for name, package in read_packages(stack.folder).items()
    }
    assert max(sizes.values()) > 100 * MIB, "ffmpeg is among them"
    assert {name: size for name, size in sizes.items() if size > UNZIPPED_LIMIT} == {}


@pytest.mark.parametrize(
    ("stage", "architecture", "machine"),
    [("dev", "arm64", EM_AARCH64), ("prod", "arm64", EM_AARCH64), (LONGEST, "x86_64", EM_X86_64)],
    indirect=["stage"],
)
def test_functions_and_what_their_layers_hold_are_for_one_processor(
    stack: Stack, architecture: str, machine: int
) -> None:
    for function in functions(stack).values():
        assert function["Architectures"] == [architecture]
        assert function["Runtime"] == "python3.13"
    layers = dict(stack.of_type("AWS::Lambda::LayerVersion"))
    signing = {"signing"} if stack.stage == LONGEST else set()
    assert {each["LayerName"].rpartition("-")[2] for each in layers.values()} == {
        "ffmpeg",
        "imaging",
        "mediainfo",
        "powertools",
        *signing,
    }
    for layer in layers.values():
        assert layer["CompatibleArchitectures"] == [architecture]
        assert layer["CompatibleRuntimes"] == ["python3.13"]
    for archive in ("ffmpeg", "imaging", "mediainfo", *signing):
        assert _machines(stack.folder / f"{archive}.zip") == {machine}, archive


def _machines(archive: Path) -> set[int]:
    with zipfile.ZipFile(archive) as zipped:
        heads = []
        for entry in zipped.infolist():
            with zipped.open(entry) as file:
                heads.append(file.read(20))
    return {int.from_bytes(head[18:20], "little") for head in heads if head[:4] == b"\x7fELF"}


def test_functions_stay_within_lambdas_limits(stack: Stack) -> None:
    for name, each in functions(stack).items():
        assert 1 <= each["Timeout"] <= 900, name
        assert each["MemorySize"] <= 3008, f"{name}: more than many new accounts may have"
        assert 512 <= each.get("EphemeralStorage", {}).get("Size", 512) <= 10240, name
        assert len(each.get("Layers", [])) <= 5, name


def test_event_sources_stay_within_their_limits(stack: Stack) -> None:
    queues = {stack.arn(name): each for name, each in stack.of_type("AWS::SQS::Queue")}
    of_name = {stack.arn(name): each for name, each in functions(stack).items()}
    mappings = dict(stack.of_type("AWS::Lambda::EventSourceMapping"))
    assert len(mappings) == 6 + ("webhook" in functions_of(stack.stage))
    for name, each in mappings.items():
        assert len(each.get("FilterCriteria", {}).get("Filters", [])) <= 5, name
        queue = queues.get(each["EventSourceArn"])
        if queue is None:
            assert 1 <= each["BatchSize"] <= 10_000, name
            assert -1 <= each["MaximumRetryAttempts"] <= 10_000, name
            assert 60 <= each["MaximumRecordAgeInSeconds"] <= 604_800, name
            continue
        function = of_name[each["FunctionName"]]
        assert 1 <= each["BatchSize"] <= 10, name
        assert 2 <= each["ScalingConfig"]["MaximumConcurrency"] <= 1000, name
        assert 6 * function["Timeout"] <= queue["VisibilityTimeout"] <= 12 * 3600, name
        assert "ReservedConcurrentExecutions" not in function, f"{name}: less than it asks for?"


def test_a_new_account_can_run_all_of_a_stage_at_once(stack: Stack) -> None:
    limit = 1000 - 100 if stack.stage == "prod" else NEW_ACCOUNT - FOR_MILLISECONDS
    working = {stack.arn("ImageQueue"), stack.arn("VideoQueue")}
    queues = sum(
        each["ScalingConfig"]["MaximumConcurrency"]
        for _, each in stack.of_type("AWS::Lambda::EventSourceMapping")
        if each["EventSourceArn"] in working
    )
    definition = stack.properties("LongVideo")["Definition"]
    [ranges, _] = definition["States"]["Encode"]["Branches"]
    sound = 1
    at_once = ranges["States"]["Ranges"]["MaxConcurrency"] + sound
    assert queues + at_once <= limit


def test_a_range_has_functions_reserved_only_where_a_stage_asks(stack: Stack) -> None:
    reserved = {
        name: each["ReservedConcurrentExecutions"]
        for name, each in functions(stack).items()
        if "ReservedConcurrentExecutions" in each
    }
    assert reserved == ({"EncodeRangeLambdaFunction": 10} if stack.stage == LONGEST else {})


def test_a_vpc_is_joined_by_all_functions_and_only_where_a_stage_asks(stack: Stack) -> None:
    configs = [each.get("VpcConfig") for each in functions(stack).values()]
    joined = {
        "SubnetIds": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
        "SecurityGroupIds": ["sg-0123456789abcdef0"],
    }
    expected = joined if stack.stage == LONGEST else None
    assert configs == [expected] * len(configs)


def test_the_template_is_small_enough(stack: Stack) -> None:
    core = stack.folder / "cloudformation-template-create-stack.json"
    assert core.stat().st_size <= 51_200, "given in the body of a request"
    assert len(json.dumps(stack.template)) <= 1_000_000, "given as an object of S3"
    assert len(stack.resources) <= 500
    assert len(stack.template["Outputs"]) <= 200


def test_policies_and_definitions_are_small_enough(stack: Stack) -> None:
    def size(document: Any) -> int:
        return len(json.dumps(document, separators=(",", ":")))

    for name, role in stack.of_type("AWS::IAM::Role"):
        assert size(role["AssumeRolePolicyDocument"]) <= 2048, name
        assert sum(size(each["PolicyDocument"]) for each in role["Policies"]) <= 10_240, name
    for name, policy in stack.of_type("AWS::SQS::QueuePolicy"):
        assert len(as_list(policy["PolicyDocument"]["Statement"])) <= 20, name
    for name, subscription in stack.of_type("AWS::SNS::Subscription"):
        assert len(subscription.get("FilterPolicy", {})) <= 5, name
    for name, rule in stack.of_type("AWS::Events::Rule"):
        assert size(rule.get("EventPattern", {})) <= 2048, name
        assert len(rule["Targets"]) <= 5, name
    assert size(stack.properties("LongVideo")["Definition"]) <= 1_000_000
