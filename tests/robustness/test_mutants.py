"""The model finds each mistake that could be made in the fence, and in the order of steps."""

from __future__ import annotations

import pytest

from tests.robustness.model.mutants.found import find, make, read_found, some
from tests.robustness.model.mutants.patch import Mutant, applied
from tests.robustness.model.mutants.table import MUTANTS
from tests.robustness.model.run import load_code, run

MORE = 50
"""Schedules of each kind that are tried where the known one does not find it any more."""


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_model_finds(mutant: Mutant) -> None:
    known = read_found().get(mutant.name, "usual 0")
    assert find(mutant, (known, *some(MORE))), (
        f"not found any more: python -m tests.robustness.model.mutants --only {mutant.name!r}"
    )


def test_each_mutant_has_a_name_and_a_schedule_that_finds_it() -> None:
    names = [each.name for each in MUTANTS]
    assert len({*names}) == len(names)
    assert {*names} == read_found().keys()


def test_a_mutant_is_gone_after_its_schedule() -> None:
    code = load_code()
    module = code.modules["lib.adapters.aws.dynamodb_conditions"]
    catalog = code.modules["lib.adapters.aws.dynamodb_catalog"]
    before = {**vars(module)}, {**vars(catalog)}
    [mutant] = [each for each in MUTANTS if each.name == "a lease is never over"]
    with code.installed(), applied(mutant, code):
        assert "#lease_expires_at > :now" in vars(catalog)["LAPSED"]
    assert ({**vars(module)}, {**vars(catalog)}) == before


def test_a_mutant_that_is_none_is_said_to_be() -> None:
    absent = Mutant("absent", "lib/application/sweep.py", "this is not there", "")
    same = Mutant("same", "lib/application/sweep.py", "it must stay", "it has to stay")
    for each in (absent, same):
        with pytest.raises(LookupError), load_code().installed(), applied(each, load_code()):
            pass


@pytest.mark.parametrize("word", ["hard", "hasty"])
def test_the_functions_get_through_what_finds_mutants(word: str) -> None:
    with load_code().installed():
        broken = {
            f"{word} {seed}": result.message
            for seed in range(1, 200)
            if (result := run(make(f"{word} {seed}"))).broken
        }
    assert broken == {}
