"""What every benchmark prints, whatever it measured."""

from __future__ import annotations

import json

import pytest

from lib.tools.emulator.environment import EmulatorError
from tests.bench.__main__ import main
from tests.bench.report import Result, describe_machine, median, to_json


def met_and_missed():
    """Measure nothing much.

    near: how near it was.
    """
    yield Result("near", 1.0, "s", target=1.0)
    yield Result("too [slow]", 1.00001, "s", target=1.0)
    yield Result("peer", 1234.56789, "ms")


def in_vain():
    """Measure what can't be measured."""
    yield Result("first", 1.0, "s")
    raise EmulatorError("port 1 is taken")


BENCHES = {"fake": met_and_missed, "vain": in_vain}


@pytest.fixture(autouse=True)
def _platform(monkeypatch):
    """Say what machine it is without asking `uname`, which is a process."""
    monkeypatch.setattr("platform.platform", lambda: "any")


@pytest.mark.parametrize(
    ("value", "target", "ok"),
    [(0.9, 1.0, True), (1.0, 1.0, True), (1.1, 1.0, False), (1.1, None, None)],
)
def test_a_target_is_the_most_that_a_value_may_be(value, target, ok):
    assert Result("any", value, "s", target).ok is ok


def test_a_value_is_judged_before_it_is_rounded():
    described = json.loads(to_json("any", {}, [Result("near", 1.00001, "s", 1.0)]))
    assert described["results"] == [
        {"name": "near", "value": 1.0, "unit": "s", "target": 1.0, "ok": False}
    ]


def test_median_is_the_middle_of_at_least_five_runs():
    assert median([9.0, 1.0, 2.0, 100.0, 3.0]) == 3.0
    assert median([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]) == 3.5
    with pytest.raises(ValueError, match="at least 5 runs but received 4"):
        median([1.0, 2.0, 3.0, 4.0])


def test_json_is_the_last_line_and_a_missed_target_is_no_error(capsys):
    assert main(["fake", "--json"], BENCHES) == 0
    *before, last = capsys.readouterr().out.splitlines()
    assert before
    described = json.loads(last)
    assert set(described) == {"bench", "machine", "results"}
    assert described["bench"] == "fake"
    assert [set(each) for each in described["results"]] == [
        {"name", "value", "unit", "target", "ok"}
    ] * 3
    assert [each["ok"] for each in described["results"]] == [True, False, None]
    assert described["results"][2]["target"] is None


def test_the_table_has_every_number_and_says_what_was_measured(capsys):
    assert main(["fake"], BENCHES) == 0
    output = capsys.readouterr().out
    rows = {line.split("  ")[0]: line.split() for line in output.splitlines()}
    assert rows["near"][-1] == "yes"
    assert rows["too [slow]"][-1] == "no"
    assert "1,235" in rows["peer"]
    assert "near: how near it was." in output
    assert not output.rstrip().endswith("}")


def test_what_stands_in_the_way_is_one_line_and_no_result(capsys):
    assert main(["vain", "--json"], BENCHES) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.strip() == "bench: port 1 is taken"


def test_machine_names_what_the_numbers_depend_on():
    machine = describe_machine()
    assert set(machine) == {"cpu", "cores", "python", "os", "load"}
    assert machine["cpu"]
    assert isinstance(machine["cores"], int)
    assert machine["cores"] >= 1
