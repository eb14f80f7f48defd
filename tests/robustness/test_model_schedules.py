"""Four thousand schedules of the model, and those that once broke something, by name.

`npm run chaos -- --schedules 20000` runs more of them.
"""

from __future__ import annotations

import pytest

from tests.robustness.model.command import MAKERS, explain, run_chunk
from tests.robustness.model.run import load_code, run
from tests.robustness.model.stories import STORIES
from tests.robustness.model.story import tell

SCHEDULES = 4_000
CHUNK = 500
DAMAGED = 600
BUDGETED = 400


pytestmark = pytest.mark.usefixtures("one_core")


@pytest.mark.parametrize("name", [*STORIES])
def test_a_story_ends_well(name: str) -> None:
    with load_code().installed():
        result = run(STORIES[name], traced=True)
    assert result.broken is None, tell(result)


@pytest.mark.parametrize("first", range(0, SCHEDULES, CHUNK))
def test_schedules(first: int) -> None:
    hold(first, CHUNK, "usual")


@pytest.mark.parametrize("first", range(0, DAMAGED, DAMAGED // 2))
def test_schedules_of_damage(first: int) -> None:
    hold(first, DAMAGED // 2, "damage")


def test_schedules_of_a_stage_with_a_budget() -> None:
    hold(0, BUDGETED, "budget")


def hold(first: int, count: int, what: str) -> None:
    """Run the schedules of some seeds; of the first that breaks something, tell the story."""
    print(f"seeds {first} to {first + count - 1}")
    broken = run_chunk((first, count, what)).broken
    if broken:
        seed, invariant, _ = broken[0]
        said = "\n".join(f"seed {each[0]}: {each[1]}: {each[2]}" for each in broken)
        pytest.fail(f"{said}\n\n{explain(MAKERS[what](seed), invariant)}", pytrace=False)
