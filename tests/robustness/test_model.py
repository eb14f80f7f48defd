"""The model: what it says of itself, and of uploads that nothing happens to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.robustness.model.faults import Fault
from tests.robustness.model.program import Program, Step
from tests.robustness.model.rest import TRUE_ENDS
from tests.robustness.model.run import load_code, run
from tests.robustness.model.schedules import make_program
from tests.robustness.model.shrink import shrink
from tests.robustness.model.story import tell


@pytest.fixture(autouse=True)
def _code() -> Iterator[None]:
    with load_code().installed():
        yield


@pytest.mark.parametrize("kind", [*TRUE_ENDS])
def test_an_upload_that_is_left_alone_ends_in_its_one_true_state(kind: str) -> None:
    result = run(Program(1, (Step(0.0, "put", "a.bin", kind, 1),), ()), traced=True)
    assert result.broken is None, tell(result)
    assert any("a.bin v1" in line and TRUE_ENDS[kind][0] in line for _, line in result.trace)


@pytest.mark.parametrize("seed", range(20))
def test_a_seed_gives_the_same_schedule_and_the_same_trace(seed: int) -> None:
    first = run(make_program(seed), traced=True)
    assert first == run(make_program(seed), traced=True)
    assert first.trace


def test_a_fault_happens_where_it_is_planned() -> None:
    step, fault = Step(0.0, "put", "a.bin", "image", 1), Fault("processImage", 4, "kill after")
    result = run(Program(1, (step,), (fault,)), traced=True)
    assert result.broken is None, tell(result)
    said = [line for _, line in result.trace]
    assert "processImage 1: is killed while it encodes 320.webp" in said
    assert any("processImage 2" in line and "READY" not in line for line in said)


def test_the_trace_tells_everything_in_order() -> None:
    story = tell(run(Program(1, (Step(0.0, "put", "a.bin", "image", 1),), ()), traced=True))
    told = [story.index(each) for each in ("ObjectCreated:Put", "RECEIVED", "PROCESSING", "READY")]
    assert told == sorted(told)


def test_shrinking_leaves_what_breaks() -> None:
    program = make_program(7)
    wanted = program.steps[0]
    shortest = shrink(program, lambda each: any(s.action == wanted.action for s in each.steps))
    assert [each.action for each in shortest.steps] == [wanted.action]
    assert shortest.faults == ()
