"""The states of the model's Step Functions: what flows between them, and where it leads."""

from __future__ import annotations

from typing import Any

import pytest

from tests.robustness.model.aws.states import Reply
from tests.support.manual_world import AGAIN, TASK, Played


def test_data_flows_through_parameters_and_paths() -> None:
    played = Played(
        {
            "Type": "Pass",
            "Parameters": {
                "event.$": "$",
                "name.$": "$$.Execution.Name",
                "deep": {"n.$": "$.l[1].n"},
            },
            "Next": "Second",
        },
        Second={
            **TASK,
            "InputPath": "$.event",
            "Parameters": {"n.$": "$.l[0].n", "fixed": 5},
            "ResultSelector": {"got.$": "$.value"},
            "ResultPath": "$.made.it",
            "OutputPath": "$.made",
        },
    )
    data = {"l": [{"n": 1}, {"n": 2}]}
    assert played.run(data, work=[Reply({"value": 3})]) == {"it": {"got": 3}}
    assert played.functions.calls == [("work", {"n": 1, "fixed": 5})]


def test_a_result_path_leaves_the_rest_and_none_keeps_the_input() -> None:
    assert Played({**TASK, "ResultPath": "$.r"}).run({"a": 1}, work=[Reply(2)]) == {"a": 1, "r": 2}
    assert Played({**TASK, "ResultPath": None}).run({"a": 1}, work=[Reply(2)]) == {"a": 1}
    assert Played(TASK).run({"a": 1}, work=[Reply(2)]) == 2


@pytest.mark.parametrize(
    ("rule", "chosen"),
    [
        ({"Variable": "$.b", "BooleanEquals": True}, True),
        ({"Variable": "$.n", "NumericGreaterThanEquals": 5}, True),
        ({"Variable": "$.n", "NumericLessThanPath": "$.m"}, True),
        ({"Variable": "$.n", "StringEquals": "5"}, False),
        ({"Variable": "$.z", "IsPresent": True}, False),
        ({"Not": {"Variable": "$.z", "IsPresent": True}}, True),
        (
            {"Or": [{"Variable": "$.b", "IsNull": True}, {"Variable": "$.n", "IsNumeric": True}]},
            True,
        ),
        (
            {
                "And": [
                    {"Variable": "$.z", "IsPresent": True},
                    {"Variable": "$.z", "BooleanEquals": True},
                ]
            },
            False,
        ),
    ],
)
def test_a_choice_goes_by_its_rule(rule: dict[str, Any], chosen: bool) -> None:
    played = Played(
        {"Type": "Choice", "Choices": [{**rule, "Next": "Yes"}], "Default": "No"},
        Yes={"Type": "Pass", "Result": True, "End": True},
        No={"Type": "Pass", "Result": False, "End": True},
    )
    assert played.run({"b": True, "n": 5, "m": 6}) is chosen


def test_a_path_to_nothing_is_an_error_that_nothing_catches() -> None:
    played = Played(
        {
            **TASK,
            "Parameters": {"a.$": "$.absent"},
            "Retry": [AGAIN],
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}],
        },
        Caught={"Type": "Succeed"},
    )
    assert played.run({})[0] == "States.Runtime"
    assert played.functions.calls == []
