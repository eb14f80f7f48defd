"""A catalog whose uploads wait where the day's budget is spent."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from lib.adapters.aws.dynamodb_catalog import DynamoCatalog
from lib.adapters.aws.dynamodb_conditions import RETRYABLE, WAITING
from lib.application.daily_budget import Budget
from lib.domain.asset import AssetStatus, Claim
from lib.domain.clock import Clock
from lib.domain.errors import Failure, TransientError
from lib.domain.events import UploadEvent
from lib.domain.keys import execution_name, pad_sequencer
from lib.domain.prices import price_invocation
from lib.domain.serialized import failure_to_values

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class BudgetedCatalog(DynamoCatalog):
    """What a processor of `memory_mb` claims its work from."""

    def __init__(
        self,
        client: DynamoDBClient,
        table: str,
        budget: Budget,
        memory_mb: int,
        clock: Clock = time.time,
    ) -> None:
        super().__init__(client, table, clock)
        self._budget = budget
        self._memory_mb = memory_mb

    def claim(
        self,
        event: UploadEvent,
        *,
        lease_seconds: float,
        token: str | None = None,
        resumes: str | None = None,
    ) -> Claim:
        """Take the lease on an upload where the budget lasts; see `lib.domain.ports.Catalog`.

        Raises TransientError(BUDGET_SPENT), noted beside the upload, which stays claimable. What
        killed its worker is charged for all that the worker could have taken, and does not wait.
        """
        refusal = self._budget.refusal()
        if refusal and self._put_off(event, refusal):
            raise refusal
        claim = super().claim(event, lease_seconds=lease_seconds, token=token, resumes=resumes)
        if claim.abandoned:
            name = f"{execution_name(event.source, event.sequencer)}-killed-{int(claim.abandoned)}"
            with suppress(TransientError):
                self._budget.charge_once(price_invocation(lease_seconds, self._memory_mb), name)
        return claim

    def _put_off(self, event: UploadEvent, why: TransientError) -> bool:
        """Note why an upload waits; False where it is not one that waits to be worked on."""
        written, _ = self._write(
            event,
            {"status": AssetStatus.RECEIVED, "error": failure_to_values(Failure.of(why))},
            f"{WAITING} OR {RETRYABLE}",
            {
                "sequencer": pad_sequencer(event.sequencer),
                "waiting": AssetStatus.RECEIVED,
                "failed": AssetStatus.FAILED,
                "no": False,
            },
        )
        return written
