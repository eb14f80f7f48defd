"""The budget's sums in DynamoDB, and the catalog whose uploads wait for them."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from moto import mock_aws

from lib.adapters.aws.budgeted_catalog import BudgetedCatalog
from lib.adapters.aws.dynamodb_ledger import DynamoLedger
from lib.application.daily_budget import Budget
from lib.domain.asset import AssetStatus, ClaimState, Outcome
from lib.domain.clock import DAY_SECONDS
from lib.domain.errors import ErrorCode, Failure, TransientError
from lib.domain.keys import asset_id, execution_name
from lib.domain.prices import price_invocation
from tests.support.catalog_cases import NEW, NEWER, PASSING, READY, create_table, record, upload
from tests.support.fakes import ManualClock

DAY = 20_833  # 2027-01-15
MEMORY_MB = 2048
LEASE_S = 65.0


@pytest.fixture(scope="module")
def dynamodb():
    with mock_aws():
        yield boto3.client("dynamodb", region_name="eu-west-1")


@pytest.fixture
def table(dynamodb):
    name = f"budget-{uuid.uuid4().hex}"
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )
    return name


@pytest.fixture
def ledger(dynamodb, table):
    return DynamoLedger(dynamodb, table)


class TestLedger:
    def test_sums_up_each_day(self, ledger):
        assert ledger.read(DAY) == 0
        assert ledger.add(DAY, 0.000005) == 0.000005
        assert ledger.add(DAY, 1.25) == 1.250005
        assert ledger.add(DAY + 1, 2) == 2
        assert ledger.read(DAY) == 1.250005

    def test_an_operator_reads_the_day_and_the_dollars_and_it_ends(self, dynamodb, table, ledger):
        ledger.add(DAY, 0.5)
        [item] = dynamodb.scan(TableName=table)["Items"]
        assert item["pk"] == {"S": "2027-01-15"}
        assert float(item["dollars"]["N"]) == 0.5
        assert int(item["expires_at"]["N"]) == (DAY + 90) * DAY_SECONDS

    def test_a_work_is_added_once_whatever_the_day(self, ledger):
        assert ledger.add_once(DAY, 1.5, "film") == 1.5
        assert ledger.add_once(DAY, 1.5, "film") == 1.5
        assert ledger.add_once(DAY + 1, 1.5, "film") == 0
        assert ledger.add_once(DAY, 0.5, "another") == 2.0

    def test_an_operator_reads_what_each_work_cost_and_it_ends_as_its_day_does(
        self, dynamodb, table, ledger
    ):
        ledger.add(DAY, 0.5)
        ledger.add_once(DAY, 1.5, "film")
        day, film = sorted(
            dynamodb.scan(TableName=table)["Items"], key=lambda each: each["pk"]["S"]
        )
        assert film["pk"] == {"S": "film"}
        assert (float(day["dollars"]["N"]), float(film["dollars"]["N"])) == (2.0, 1.5)
        assert film["expires_at"] == day["expires_at"]

    def test_whether_a_work_was_added_is_asked_of_what_was_written_last(
        self, dynamodb, ledger, monkeypatch
    ):
        get, asked = dynamodb.get_item, []

        def ask(**request):
            asked.append((request["Key"]["pk"]["S"], request.get("ConsistentRead", False)))
            return get(**request)

        monkeypatch.setattr(dynamodb, "get_item", ask)
        ledger.add_once(DAY, 1.5, "film")
        assert asked == [("film", True)]

    @pytest.mark.parametrize("operation", ["get_item", "update_item"])
    def test_what_no_request_reaches_may_be_tried_again(
        self, dynamodb, ledger, monkeypatch, operation
    ):
        def away(**request):
            raise EndpointConnectionError(endpoint_url="https://dynamodb")

        monkeypatch.setattr(dynamodb, operation, away)
        ask = {
            "get_item": (lambda: ledger.read(DAY), lambda: ledger.add_once(DAY, 1.5, "film")),
            "update_item": (
                lambda: ledger.add(DAY, 1.5),
                lambda: ledger.add_once(DAY, 1.5, "film"),
            ),
        }
        for each in ask[operation]:
            with pytest.raises(TransientError) as raised:
                each()
            assert raised.value.code is ErrorCode.SERVICE_UNAVAILABLE

    def test_works_side_by_side_are_all_added(self, dynamodb, ledger, monkeypatch):
        update, alone = dynamodb.update_item, Lock()

        def update_alone(**request):
            with alone:  # as DynamoDB does one item's updates, and moto does not
                return update(**request)

        monkeypatch.setattr(dynamodb, "update_item", update_alone)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda number: ledger.add_once(DAY, 0.25, f"film-{number}"), range(8)))
        assert ledger.read(DAY) == 2.0

    def test_a_work_whose_name_was_not_noted_is_rather_added_twice_than_never(
        self, dynamodb, table, ledger, monkeypatch
    ):
        update = dynamodb.update_item

        def away(**request):
            if request["Key"]["pk"]["S"] == "film":
                raise EndpointConnectionError(endpoint_url="https://dynamodb")
            return update(**request)

        with monkeypatch.context() as patch:
            patch.setattr(dynamodb, "update_item", away)
            assert ledger.add_once(DAY, 1.5, "film") == 1.5
        assert ledger.add_once(DAY, 1.5, "film") == 3.0
        assert ledger.add_once(DAY, 1.5, "film") == 3.0


class TestCatalog:
    @pytest.fixture
    def clock(self):
        return ManualClock()

    @pytest.fixture
    def budget(self, ledger, clock):
        return Budget(ledger, 10, DAY_SECONDS, clock=clock)

    @pytest.fixture
    def catalog(self, dynamodb, budget, clock):
        name = create_table(dynamodb)
        return BudgetedCatalog(dynamodb, name, budget, MEMORY_MB, clock)

    def claim(self, catalog, event):
        return catalog.claim(event, lease_seconds=LEASE_S)

    def look_up(self, catalog, event):
        return catalog.get(asset_id(event.source.bucket, event.source.key))

    def test_claims_while_the_budget_lasts(self, catalog, budget):
        catalog.receive(upload(NEW))
        budget.charge(9.99)
        assert self.claim(catalog, upload(NEW)).state is ClaimState.CLAIMED

    def test_an_upload_waits_with_the_reason_and_is_claimed_the_next_day(
        self, catalog, budget, clock
    ):
        catalog.receive(upload(NEW))
        budget.charge(10)
        with pytest.raises(TransientError) as raised:
            self.claim(catalog, upload(NEW))
        assert raised.value.code is ErrorCode.BUDGET_SPENT
        waiting = self.look_up(catalog, upload(NEW))
        assert (waiting.status, waiting.attempts) == (AssetStatus.RECEIVED, 0)
        assert waiting.error == Failure.of(raised.value)
        clock.now += raised.value.retry_after
        claim = self.claim(catalog, upload(NEW))
        assert (claim.state, claim.attempts, claim.abandoned) == (ClaimState.CLAIMED, 1, False)
        assert catalog.commit(upload(NEW), claim.lease_token, READY)
        assert self.look_up(catalog, upload(NEW)).error is None

    def test_what_was_given_up_and_redriven_waits_too(self, catalog, budget):
        catalog.receive(upload(NEW))
        claim = self.claim(catalog, upload(NEW))
        catalog.commit(upload(NEW), claim.lease_token, Outcome(AssetStatus.FAILED, error=PASSING))
        budget.charge(10)
        with pytest.raises(TransientError, match="BUDGET_SPENT"):
            self.claim(catalog, upload(NEW))
        assert self.look_up(catalog, upload(NEW)).status is AssetStatus.RECEIVED

    def test_what_is_done_or_superseded_or_worked_on_is_answered_as_ever(self, catalog, budget):
        catalog.receive(upload(NEW))
        claim = self.claim(catalog, upload(NEW))
        budget.charge(10)
        assert self.claim(catalog, upload(NEW)).state is ClaimState.BUSY
        catalog.commit(upload(NEW), claim.lease_token, READY)
        assert self.claim(catalog, upload(NEW)).state is ClaimState.DONE
        record(catalog, upload(NEWER))
        assert self.claim(catalog, upload(NEW)).state is ClaimState.STALE

    def test_a_killed_worker_is_charged_for_all_its_time_and_what_killed_it_does_not_wait(
        self, catalog, budget, ledger, clock
    ):
        catalog.receive(upload(NEW))
        self.claim(catalog, upload(NEW))
        day = int(clock.now // DAY_SECONDS)
        assert ledger.read(day) == 0
        budget.charge(10)
        clock.now += LEASE_S
        claim = self.claim(catalog, upload(NEW))
        assert claim.abandoned
        assert ledger.read(day) == pytest.approx(10 + price_invocation(LEASE_S, MEMORY_MB))

    def test_a_killed_worker_is_charged_by_its_number(self, catalog, dynamodb, table, clock):
        catalog.receive(upload(NEW))
        for _ in range(3):
            self.claim(catalog, upload(NEW))
            clock.now += LEASE_S
        name = execution_name(upload(NEW).source, NEW)
        works = {each["pk"]["S"] for each in dynamodb.scan(TableName=table)["Items"]}
        assert works >= {f"{name}-killed-1", f"{name}-killed-2"}
        assert len(works) == 3, "and the day"

    def test_what_cannot_be_charged_now_is_claimed_all_the_same(
        self, catalog, budget, clock, monkeypatch
    ):
        catalog.receive(upload(NEW))
        self.claim(catalog, upload(NEW))
        clock.now += LEASE_S

        def away(*_):
            raise TransientError(ErrorCode.SERVICE_UNAVAILABLE, "the table is away")

        monkeypatch.setattr(budget, "charge_once", away)
        claim = self.claim(catalog, upload(NEW))
        assert (claim.state, claim.abandoned) == (ClaimState.CLAIMED, 1)

    def test_takes_the_token_and_resumes_the_lease_that_it_is_told(self, catalog):
        catalog.receive(upload(NEW))
        assert catalog.claim(upload(NEW), lease_seconds=LEASE_S, token="a").lease_token == "a"
        claim = catalog.claim(upload(NEW), lease_seconds=LEASE_S, token="b", resumes="a.000001")
        assert (claim.state, claim.lease_token) == (ClaimState.CLAIMED, "b")
