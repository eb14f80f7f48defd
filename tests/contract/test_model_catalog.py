"""The catalog and the ledger meet the same in the model's DynamoDB as in moto's."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from lib.adapters.aws.budgeted_catalog import BudgetedCatalog
from lib.adapters.aws.dynamodb_catalog import DynamoCatalog
from lib.adapters.aws.dynamodb_ledger import DynamoLedger
from lib.application.daily_budget import Budget
from lib.domain.asset import AssetStatus, Outcome
from lib.domain.errors import ErrorCode, TransientError
from lib.domain.keys import asset_id
from tests.robustness.model.aws.dynamodb import DynamoDB
from tests.support.catalog_cases import (
    LONGER,
    NEW,
    NEWER,
    OLD,
    PASSING,
    PERMANENT,
    READY,
    create_table,
    upload,
)
from tests.support.fakes import ManualClock
from tests.support.two_tables import Both, Quiet

KEYS = ("a b.jpg", "c.png", "d.gif")
SEQUENCERS = (OLD, NEW, NEWER, LONGER)
OUTCOMES = (
    READY,
    replace(READY, status=AssetStatus.PARTIAL),
    Outcome(AssetStatus.FAILED, error=PERMANENT),
    Outcome(AssetStatus.FAILED, error=PASSING),
)


@pytest.fixture(scope="module")
def moto() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("dynamodb", region_name="eu-west-1")


@pytest.fixture
def both(moto: Any) -> Both:
    table = create_table(moto)
    return Both(moto, DynamoDB.of(Quiet(), catalog=table, budget="budget"), table)


def any_event(rng: random.Random) -> Any:
    sequencer, key = rng.choice(SEQUENCERS), rng.choice(KEYS)
    event = upload(sequencer)
    return replace(event, source=replace(event.source, key=key))


def take_step(catalog: Any, clock: ManualClock, rng: random.Random, working: list[Any]) -> None:
    """Call one method of the catalog, as a worker would or would not."""
    event = any_event(rng)
    what = rng.choice(("receive", "claim", "claim", "end", "end", "reject", "remove", "other"))
    clock.now += rng.choice((0, 0, 1, 30, 61))
    match what:
        case "receive":
            catalog.receive(event)
        case "reject":
            catalog.reject(event, PERMANENT)
        case "remove":
            catalog.remove(event)
        case "claim":
            claim = catalog.claim(event, lease_seconds=60)
            if claim.lease_token:
                working.append((event, claim.lease_token))
        case "end" if working:
            event, token = rng.choice(working[-3:])
            match rng.randrange(4):
                case 0:
                    catalog.release(event, token, PASSING)
                case 1:
                    catalog.progress(event, token, rng.randrange(100))
                case _:
                    catalog.commit(event, token, rng.choice(OUTCOMES))
        case _:
            execution = f"execution-{rng.randrange(1, 12)}"
            if catalog.transfer_lease(event, execution, lease_seconds=60, estimate_ms=5):
                working.append((event, execution))
            catalog.get(asset_id("uploads", event.source.key))
            newest_first = rng.random() < 0.5
            list(catalog.by_status(rng.choice([*AssetStatus]), newest_first=newest_first))


@pytest.mark.parametrize("seed", range(8))
def test_a_catalog_meets_the_same_table(both: Both, seed: int) -> None:
    clock, rng = ManualClock(), random.Random(seed)
    working: list[Any] = []
    catalog = DynamoCatalog(both, both.table, clock)  # type: ignore[arg-type]
    for _ in range(50):
        take_step(catalog, clock, rng, working)
    assert both.calls > 50
    assert both.refusals > 5


def test_a_budgeted_catalog_and_its_ledger_meet_the_same_table(both: Both) -> None:
    clock, rng = ManualClock(), random.Random(7)
    ledger = DynamoLedger(both, both.table)  # type: ignore[arg-type]
    budget = Budget(ledger, 1, 60, clock=clock, spread=lambda: 0)
    catalog = BudgetedCatalog(both, both.table, budget, 2048, clock)  # type: ignore[arg-type]
    working: list[Any] = []
    spent = 0
    for number in range(60):
        try:
            take_step(catalog, clock, rng, working)
            ledger.add_once(number % 3, 0.04, f"work-{number % 7}")
        except TransientError as exc:
            spent += exc.code is ErrorCode.BUDGET_SPENT
    assert (ledger.read(0), spent) > (0, 0)
