"""All services of a stage in one virtual account, and the real functions in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.robustness.model import current, deployment, faults
from tests.robustness.model.aws.dynamodb import DynamoDB
from tests.robustness.model.aws.lambda_ import Handler, Lambda
from tests.robustness.model.aws.s3 import S3
from tests.robustness.model.aws.sns import SNS
from tests.robustness.model.aws.sqs import SQS
from tests.robustness.model.aws.states import Reply
from tests.robustness.model.aws.step_functions import StepFunctions
from tests.robustness.model.aws.streams import Stream
from tests.robustness.model.rest import Rest
from tests.robustness.model.turns import START
from tests.robustness.model.uploads import Uploads
from tests.robustness.model.world import World

UPLOADS, RENDITIONS = "uploadsBucket", "renditionsBucket"
CATALOG, BUDGET = "catalogTable", "budgetTable"


class Account:
    """A stage that is deployed, with nothing in it."""

    def __init__(
        self,
        seed: int,
        planned: tuple[Any, ...],
        handlers: Mapping[str, Handler],
        *,
        traced: bool = False,
    ) -> None:
        deployed = deployment.load()
        self.template = deployed
        self.plan = faults.Plan(START, planned)
        self.world = world = World(seed, self.plan, traced=traced)
        current.world = world
        self.s3 = S3(world, UPLOADS, RENDITIONS)
        self.dynamodb = DynamoDB.of(world, catalog=CATALOG, budget=BUDGET)
        self.sqs = SQS(world, deployed.queues)
        self.sns = SNS(world, self.sqs, "MediaTopic", deployed.subscriptions)
        self.lambda_ = Lambda(world, deployed, self.sqs, handlers)
        self.streams = [
            Stream(self.lambda_, each, each.stream)
            for each in deployed.functions.values()
            if each.stream and each.name in handlers
        ]
        self.executions = _make_executions(self)
        self.end_delay = 0.3
        self.kept: dict[str, dict[str, Any]] = {}
        """A backup of the catalog."""
        self.uploads = Uploads(
            world,
            self.s3,
            lambda event, delay: self.lambda_.invoke_async("dispatch", event, delay + 0.3),
        )
        self.invariants = Rest(self)
        self.dynamodb.on_change = self._on_change
        self.s3.on_change = self.invariants.on_object
        world.clients = {
            "s3": self.s3,
            "dynamodb": self.dynamodb,
            "sqs": self.sqs,
            "sns": self.sns,
            "stepfunctions": self.executions,
        }

    @property
    def items(self) -> dict[str, dict[str, Any]]:
        """Return the catalog's items by asset id."""
        return self.dynamodb.items(CATALOG)

    def _on_change(self, table: str, record: dict[str, Any]) -> None:
        if table != CATALOG:
            return
        self.invariants.on_item(record)
        for each in self.streams:
            each.add(record)

    def on_end(self, event: Mapping[str, Any]) -> None:
        """Have failVideo told of an execution that ended badly, as the rule does."""
        if event["detail"]["status"] in ("FAILED", "TIMED_OUT", "ABORTED"):
            body = json.loads(json.dumps(event))
            self.lambda_.invoke_async("failVideo", body, self.end_delay, event["detail"]["input"])


def _make_executions(account: Account) -> Any:
    functions = {deployment.logical_id(name): name for name in account.template.functions}

    def invoke(function: str, payload: Any, reply: Any) -> None:
        def done(value: Any, error: BaseException | None, killed: str | None) -> None:
            if killed:
                reply(Reply(error=killed, cause='{"errorMessage": "the worker was killed"}'))
            elif error is not None:
                cause = {"errorMessage": str(error), "errorType": type(error).__name__}
                reply(Reply(error=type(error).__name__, cause=json.dumps(cause)))
            else:
                reply(Reply(value))

        name = functions.get(function, function)
        subject = json.dumps(payload.get("event")) if isinstance(payload, Mapping) else None
        account.lambda_.invoke(name, json.loads(json.dumps(payload)), done, subject)

    return StepFunctions(account.world, account.template.machine, invoke, account.on_end)
