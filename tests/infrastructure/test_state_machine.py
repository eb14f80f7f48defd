"""The state machine of long sources, as it is packaged."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from lib.adapters.aws.sqs import LONGEST_DELAY
from lib.application.long_video.fail import BUSY, KILLED, RECORDED
from lib.application.outcomes import MOST_KILLED
from lib.domain.errors import PERMANENT_ERROR, TRANSIENT_ERROR


@pytest.fixture(scope="session")
def resources(package: Any) -> dict[str, Any]:
    found = json.loads((package("prod") / "cloudformation-template-update-stack.json").read_text())
    resources: dict[str, Any] = found["Resources"]
    return resources


@pytest.fixture(scope="session")
def machine(resources: dict[str, Any]) -> dict[str, Any]:
    definition: dict[str, Any] = resources["LongVideo"]["Properties"]["Definition"]
    return definition


def states(machine: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Yield every state at any depth: its name, itself, and the states beside it."""
    for name, state in machine["States"].items():
        yield name, state, machine["States"]
        for inner in (*state.get("Branches", ()), state.get("ItemProcessor")):
            if inner:
                yield from states(inner)


def tasks(machine: dict[str, Any]) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    return [each for each in states(machine) if each[1]["Type"] == "Task"]


def function_of(task: dict[str, Any]) -> str:
    name: str = task["Resource"]["Fn::GetAtt"][0]
    return name


def test_every_state_leads_to_another_or_ends(machine: dict[str, Any]) -> None:
    for name, state, beside in states(machine):
        following = [state.get("Next"), state.get("Default")]
        following += [each["Next"] for each in state.get("Choices", ())]
        following += [each["Next"] for each in state.get("Catch", ())]
        assert all(each in beside for each in following if each), name
        ends = state.get("End") or state["Type"] in ("Succeed", "Fail")
        assert ends or any(following), name


def test_a_task_outlives_its_function_and_the_whole_its_tasks(
    machine: dict[str, Any], resources: dict[str, Any]
) -> None:
    for name, task, _ in tasks(machine):
        function = resources[function_of(task)]["Properties"]
        assert task["TimeoutSeconds"] > function["Timeout"], name
        assert task["TimeoutSeconds"] < machine["TimeoutSeconds"], name
    for starts in ("PlanVideoLambdaFunction", "ProcessVideoLambdaFunction"):
        variables = resources[starts]["Properties"]["Environment"]["Variables"]
        assert int(variables["EXECUTION_SECONDS"]) == machine["TimeoutSeconds"]


def test_an_upload_is_looked_at_again_once_no_step_of_its_execution_can_run(
    machine: dict[str, Any], resources: dict[str, Any]
) -> None:
    longest = max(
        resources[function_of(task)]["Properties"]["Timeout"] for _, task, _ in tasks(machine)
    )
    told = resources["FailVideoLambdaFunction"]["Properties"]["Environment"]["Variables"]
    assert longest <= int(told["SETTLE_SECONDS"]) <= LONGEST_DELAY


def test_every_task_is_tried_again_but_not_for_what_is_permanent(machine: dict[str, Any]) -> None:
    for name, task, _ in tasks(machine):
        retries = {each["ErrorEquals"][0]: each for each in task["Retry"]}
        again = retries["States.ALL"]
        assert again["MaxAttempts"] >= 3, name
        assert (again["BackoffRate"], again["JitterStrategy"]) == (2, "FULL")
        if name != "Record":
            assert task["Retry"][0] == {"ErrorEquals": [PERMANENT_ERROR], "MaxAttempts": 0}


def test_every_error_that_is_matched_by_its_name_is_ours_or_of_aws(machine: dict[str, Any]) -> None:
    matched = {
        name
        for _, task, _ in tasks(machine)
        for each in (*task["Retry"], *task.get("Catch", ()))
        for name in each["ErrorEquals"]
    }
    assert matched == {PERMANENT_ERROR, TRANSIENT_ERROR} | KILLED | BUSY | {"States.ALL"}
    ends = [state for _, state, _ in states(machine) if state["Type"] == "Fail"]
    assert ends
    assert {each["Error"] for each in ends} == {RECORDED}


def longest_wait(retry: dict[str, Any]) -> float:
    """Return the seconds that pass between all tries of a step, without jitter."""
    delay, waited = float(retry["IntervalSeconds"]), 0.0
    for _ in range(retry["MaxAttempts"]):
        waited += min(delay, retry["MaxDelaySeconds"])
        delay *= retry["BackoffRate"]
    return waited


def test_a_step_waits_for_aws_for_hours_but_less_than_an_execution_may_take(
    machine: dict[str, Any],
) -> None:
    for name, task, _ in tasks(machine):
        retries = {each["ErrorEquals"][0]: each for each in task["Retry"]}
        waiting = retries["States.ALL" if name == "Record" else TRANSIENT_ERROR]
        assert 4 * 3600 < longest_wait(waiting) < machine["TimeoutSeconds"], name
        assert waiting["JitterStrategy"] == "FULL"


def test_a_step_that_is_killed_is_tried_once_more_only(machine: dict[str, Any]) -> None:
    for name, task, _ in tasks(machine):
        if name != "Record":
            killed, _, every = task["Retry"][-3:]
            assert set(killed["ErrorEquals"]) == KILLED, name
            assert killed["MaxAttempts"] == MOST_KILLED - 1, name
            assert every["ErrorEquals"] == ["States.ALL"]


def test_whatever_fails_is_recorded_beside_it(machine: dict[str, Any]) -> None:
    for name, state, beside in states(machine):
        if state["Type"] == "Task" and name != "Record":
            [caught] = state["Catch"]
            assert (caught["ErrorEquals"], caught["Next"]) == (["States.ALL"], "Record")
            assert function_of(beside["Record"]) == "FailVideoLambdaFunction"
    assert machine["States"]["Encode"]["Catch"][0]["Next"] == "Record"


def test_many_ranges_run_in_executions_of_their_own_with_the_same_steps(
    machine: dict[str, Any],
) -> None:
    [ranges, _] = machine["States"]["Encode"]["Branches"]
    few, many = ranges["States"]["Ranges"], ranges["States"]["Many ranges"]
    modes = [each["ItemProcessor"].pop("ProcessorConfig")["Mode"] for each in (few, many)]
    assert modes == ["INLINE", "DISTRIBUTED"]
    assert few["ItemProcessor"] == many["ItemProcessor"]
    assert few["ItemSelector"] == many["ItemSelector"]
    assert few["MaxConcurrency"] == many["MaxConcurrency"] > 0


def test_an_execution_that_ends_without_a_word_is_recorded(resources: dict[str, Any]) -> None:
    rule = resources["LongVideoEnded"]["Properties"]
    assert rule["EventPattern"]["detail"] == {
        "stateMachineArn": [{"Ref": "LongVideo"}],
        "status": ["FAILED", "TIMED_OUT", "ABORTED"],
    }
    [told] = rule["Targets"]
    assert told["Arn"]["Fn::GetAtt"][0] == "FailVideoLambdaFunction"
    permission = resources["LongVideoEndedMayInvoke"]["Properties"]
    assert permission["FunctionName"] == told["Arn"]
    assert permission["SourceArn"]["Fn::GetAtt"][0] == "LongVideoEnded"


def test_the_machine_may_invoke_its_own_steps_only(
    machine: dict[str, Any], resources: dict[str, Any]
) -> None:
    [policy] = resources["LongVideoRole"]["Properties"]["Policies"]
    [run, *_] = policy["PolicyDocument"]["Statement"]
    allowed = {each["Fn::GetAtt"][0] for each in run["Resource"]}
    assert allowed == {function_of(task) for _, task, _ in tasks(machine)}
