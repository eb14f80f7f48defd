"""Logs as JSON lines and metrics in the embedded metric format, the same for every function.

Metrics: one dimension (`service`) and ten names a stage, the free tier's ten. The stage is
in the namespace, `MediaPipeline/<stage>`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from lib.domain.asset import AssetStatus
from lib.domain.errors import ErrorCode, MediaError
from lib.domain.events import UploadEvent
from lib.domain.keys import asset_id

if TYPE_CHECKING:
    from lib.application.dispatch import Recorded
    from lib.application.fenced_job import Finished
    from lib.application.long_video.package import Packaged
    from lib.application.reconcile.findings import Finding
    from lib.application.reconcile.rounds import Worked

SERVICE = "media-pipeline"

BY_STATUS = {
    AssetStatus.READY: "AssetsReady",
    AssetStatus.PARTIAL: "AssetsPartial",
    AssetStatus.FAILED: "AssetsFailed",
    AssetStatus.REJECTED: "AssetsRejected",
}
"""Others: Uploads, Retries, BudgetSpent, DeletionsHeld, ProcessingTime (ms), RenditionBytes."""

Event = dict[str, Any]
"""What a function is invoked with."""


class Context(Protocol):
    """What Lambda says of an invocation."""

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds that are left."""
        ...


Handler = Callable[[Event, Any], Any]


class Telemetry:
    """What one function tells about its work; every line has stage, request id and asset_id."""

    def __init__(self, stage: str) -> None:
        # In ASCII: `sls logs` prints it, and a key may hold what drives a terminal.
        in_ascii = partial(json.dumps, default=str, separators=(",", ":"))
        self.logger = Logger(service=SERVICE, stage=stage, json_serializer=in_ascii)
        self._metrics = Metrics(service=SERVICE, namespace=f"MediaPipeline/{stage}")

    def instrument(self, handler: Handler) -> Handler:
        """Decorate a Lambda handler: the context in every log line, metrics flushed at the end."""
        with_context: Handler = self.logger.inject_lambda_context(handler, clear_state=True)

        def instrumented(event: dict[str, Any], context: Any) -> Any:
            try:
                return with_context(event, context)
            finally:
                if self._metrics.metric_set:
                    self._metrics.flush_metrics()

        return instrumented

    def recorded(self, recorded: Recorded) -> None:
        """Tell what dispatch did with one S3 event."""
        self._count("Uploads")
        if recorded.rejected and recorded.is_news:
            self._count("AssetsRejected")
        self.logger.info(
            "recorded",
            **_about(recorded.event),
            action=recorded.event.action,
            fence=recorded.state,
            media_type=recorded.event.media_type,
            rejected=recorded.rejected.message if recorded.rejected else None,
        )

    def finished(
        self,
        event: UploadEvent,
        finished: Finished,
        sandbox: Mapping[str, bool | int] | None = None,
    ) -> None:
        """Tell how a job ended, and what its decoders had given up, if it had any."""
        outcome = finished.outcome
        if outcome is None:
            self.logger.info("nothing to do", **_about(event), fence=finished.state)
            return
        written = sum(each.bytes or 0 for each in outcome.renditions)
        self._count(BY_STATUS[outcome.status])
        self._metrics.add_metric("RenditionBytes", MetricUnit.Bytes, written)
        self._metrics.add_metric(
            "ProcessingTime", MetricUnit.Milliseconds, outcome.processed_ms or 0
        )
        self.logger.info(
            "finished",
            **_about(event),
            status=outcome.status,
            renditions=len(outcome.renditions),
            bytes_in=event.source.size,
            bytes_out=written,
            processed_ms=outcome.processed_ms,
            error=outcome.error.message if outcome.error else None,
            sandbox=sandbox or None,
        )

    def step(self, event: UploadEvent, what: str, **facts: Any) -> None:
        """Tell what one step of a long source did."""
        self.logger.info(what, **_about(event), **facts)

    def packaged(
        self, event: UploadEvent, packaged: Packaged, sandbox: Mapping[str, bool | int]
    ) -> None:
        """Tell how a long source ended, and how its estimate compares."""
        estimate_ms, encoders_ms = packaged.estimate_ms, packaged.cpu_ms
        self.step(event, "packaged", estimate_ms=estimate_ms, encoders_ms=encoders_ms)
        self.finished(event, packaged.finished, sandbox)

    def retried(self, exc: Exception, message_id: str, receive_count: int) -> None:
        """Tell why a message goes back to its queue; what is not ours comes with its traceback."""
        waits = isinstance(exc, MediaError) and exc.code is ErrorCode.BUDGET_SPENT
        self._count("BudgetSpent" if waits else "Retries")
        self.logger.warning(
            "waits for tomorrow's budget" if waits else "will be delivered again",
            exc_info=not isinstance(exc, MediaError),
            reason=str(exc),
            message_id=message_id,
            receive_count=receive_count,
        )

    def skipped(self, unreadable: MediaError) -> None:
        """Tell why a change of the catalog is left out: it is of no asset that can be read."""
        self.logger.warning("skipped", reason=str(unreadable))

    def found(self, finding: Finding, became: str) -> None:
        """Tell what reconcile found wrong with an asset, and what it did about it."""
        self.logger.warning(
            "found",
            asset_id=finding.asset_id,
            key=finding.source.key if finding.source else None,
            version_id=finding.source.version_id if finding.source else None,
            kind=finding.kind,
            detail=finding.detail,
            became=became,
        )

    def reconciled(self, worked: Worked) -> None:
        """Tell how far reconcile came, and whether it waits for somebody to let it delete."""
        if worked.held:
            self._count("DeletionsHeld")
        self.logger.info(
            "reconciled",
            looked=worked.looked,
            mended=worked.mended,
            complete=worked.complete,
            full=worked.round.full,
            found=worked.round.found,
            held=worked.held,
        )

    def _count(self, name: str) -> None:
        self._metrics.add_metric(name, MetricUnit.Count, 1)


def _about(event: UploadEvent) -> dict[str, Any]:
    return {
        "asset_id": asset_id(event.source.bucket, event.source.key),
        "key": event.source.key,
        "version_id": event.source.version_id,
    }
