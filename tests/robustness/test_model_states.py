"""The states of the model's Step Functions: how they fail, are tried again, run side by side."""

from __future__ import annotations

from typing import Any

import pytest

from tests.robustness.model.aws.states import Reply
from tests.robustness.model.aws.step_functions import function_of
from tests.support.manual_world import AGAIN, BROKEN, TASK, Played


def test_a_task_is_tried_again_with_growing_delays_up_to_a_limit() -> None:
    played = Played({**TASK, "Retry": [{**AGAIN, "BackoffRate": 3, "MaxDelaySeconds": 20}]})
    began = played.world.now
    assert played.run({}, work=[BROKEN, BROKEN, BROKEN, Reply("ok")]) == "ok"
    waited = played.world.now - began - 4  # of work
    assert waited == pytest.approx(0.05 + 4 + 12 + 20)
    assert Played({**TASK, "Retry": [AGAIN]}).run({}, work=[BROKEN]) == ("Broken", "a cause")


def test_jitter_is_below_the_delay_and_by_the_seed() -> None:
    def play() -> float:
        played = Played({**TASK, "Retry": [{**AGAIN, "JitterStrategy": "FULL"}]})
        began = played.world.now
        played.run({}, work=[BROKEN, Reply("ok")])
        return played.world.now - began - 2.05

    assert 0 < play() < 4
    assert play() == play()


def test_the_first_retrier_that_matches_decides_each_counts_its_own() -> None:
    retry = [
        {"ErrorEquals": ["Never"], "MaxAttempts": 0},
        {"ErrorEquals": ["Once", "Other"], "MaxAttempts": 1},
        {"ErrorEquals": ["States.ALL"], "MaxAttempts": 2},
    ]
    catch = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.failure", "Next": "Caught"}]

    def tries(*errors: str) -> tuple[int, Any]:
        played = Played({**TASK, "Retry": retry, "Catch": catch}, Caught={"Type": "Succeed"})
        output = played.run({"a": 1}, work=[Reply(error=each) for each in errors])
        return len(played.functions.calls), output["failure"]["Error"]

    assert tries("Never") == (1, "Never")
    assert tries("Once") == (2, "Once")
    assert tries("Once", "Other") == (2, "Other")
    assert tries("Any") == (3, "Any")
    assert tries("Any", "Once", "Any", "Any") == (4, "Any")


def test_a_task_that_is_late_is_a_failure_and_its_reply_is_ignored() -> None:
    played = Played({**TASK, "TimeoutSeconds": 60, "Retry": [AGAIN]})
    assert played.run({}, work=[None, Reply("second")]) == "second"
    played.functions.replies[0](Reply("first, too late"))
    assert played.machine.executions["x"].output == '"second"'


def test_branches_run_beside_each_other_and_the_first_failure_ends_all() -> None:
    branch = {"StartAt": "Work", "States": {"Work": TASK}}
    waits = {"Type": "Wait", "Seconds": 5, "Next": "Work"}
    slow = {"StartAt": "Wait", "States": {"Wait": waits, "Work": TASK}}
    both = {"Type": "Parallel", "Branches": [branch, branch], "End": True}
    played = Played(both)
    assert played.run({"a": 1}) == [{}, {}]
    assert played.functions.most_running == 2
    caught = {**both, "Branches": [slow, branch], "Catch": [{**AGAIN, "Next": "Caught"}]}
    failing = Played(caught, Caught={"Type": "Succeed"})
    assert failing.run({}, work=[BROKEN]) == {"Error": "Broken", "Cause": "a cause"}
    assert len(failing.functions.calls) == 1
    again = Played({**both, "Retry": [AGAIN]})
    assert again.run({}, work=[BROKEN, Reply(1), Reply(2)]) == [2, 2]


@pytest.mark.parametrize("mode", ["INLINE", "DISTRIBUTED"])
def test_a_map_works_on_so_many_items_at_once_and_keeps_their_order(mode: str) -> None:
    each = {
        "Type": "Map",
        "ItemsPath": "$.items",
        "MaxConcurrency": 2,
        "ItemSelector": {"item.$": "$$.Map.Item.Value", "at.$": "$$.Map.Item.Index"},
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": mode},
            "StartAt": "Work",
            "States": {"Work": TASK},
        },
        "End": True,
    }
    played = Played(each)
    assert played.run({"items": list("abc")}, work=[Reply(n) for n in range(3)]) == [0, 1, 2]
    assert played.functions.of("work") == [
        {"item": item, "at": at} for at, item in enumerate("abc")
    ]
    assert played.functions.most_running == 2
    assert Played(each).run({"items": []}) == []
    failing = Played(each)
    error, _ = failing.run({"items": list("abcde")}, work=[Reply(1), BROKEN])
    inline = mode == "INLINE"
    assert error == ("Broken" if inline else "States.ExceedToleratedFailureThreshold")
    assert len(failing.functions.calls) == 3


def test_what_is_not_understood_is_no_silent_success() -> None:
    played = Played({**TASK, "HeartbeatSeconds": 5})
    with pytest.raises(NotImplementedError, match="Heartbeat"):
        played.run({})
    with pytest.raises(NotImplementedError, match=r"States\.Format"):
        Played({**TASK, "Parameters": {"a.$": "States.Format('{}', $.b)"}}).run({})


@pytest.mark.parametrize(
    "resource",
    [
        "PlanVideoLambdaFunction",
        {"Fn::GetAtt": ["PlanVideoLambdaFunction", "Arn"]},
        "arn:aws:lambda:us-east-1:000000000000:function:media-pipeline-dev-planVideo",
    ],
)
def test_a_resource_is_a_function_by_its_name(resource: Any) -> None:
    assert function_of(resource) == "planVideo"
