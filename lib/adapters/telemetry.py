"""Logs as JSON lines and metrics in the embedded metric format, the same for every function.

Metrics: one dimension (`service`) and ten names a stage, the free tier's ten. The stage is
in the namespace, `MediaPipeline/<stage>`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from lib.domain.asset import AssetStatus
from lib.domain.errors import ErrorCode, MediaError
from lib.domain.events import Source, UploadEvent
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


class Sourced(Protocol):
    """What is about a source: an upload, an event of S3, the end of an execution."""

    @property
    def source(self) -> Source:
        """Return the source."""
        ...


Content = Sourced | Sequence[Sourced] | None
"""What a message carried, if it could be read."""


class Received(Protocol):
    """What is told of a received message."""

    @property
    def message_id(self) -> str:
        """Return its id."""
        ...

    @property
    def receives(self) -> int:
        """Return how often it was received."""
        ...


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

    def recorded(self, recorded: Iterable[Recorded]) -> None:
        """Tell what dispatch did with each S3 event."""
        for each in recorded:
            self._count("Uploads")
            if each.rejected and each.is_news:
                self._count("AssetsRejected")
            self.logger.info(
                "recorded",
                **_about(each.event),
                action=each.event.action,
                fence=each.state,
                media_type=each.event.media_type,
                rejected=each.rejected.message if each.rejected else None,
            )

    def finished(
        self,
        event: UploadEvent,
        finished: Finished,
        sandbox: Mapping[str, bool | int] | None = None,
    ) -> None:
        """Tell how a job ended, and what its decoders had given up, if it had any."""
        outcome, error = finished.outcome, finished.error
        if outcome is None and error is not None:
            self.retried(error, content=event)
            return
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
            exc_info=error if error and not isinstance(error, MediaError) else None,
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

    def retried(
        self, exc: Exception, message: Received | None = None, content: Content = None
    ) -> None:
        """Tell why something is delivered again; what is not ours comes with its traceback."""
        waits = isinstance(exc, MediaError) and exc.code is ErrorCode.BUDGET_SPENT
        self._count("BudgetSpent" if waits else "Retries")
        for event in content if isinstance(content, Sequence) else [content]:
            self.logger.warning(
                "waits for tomorrow's budget" if waits else "will be delivered again",
                **_about(event),
                exc_info=None if isinstance(exc, MediaError) else exc,
                reason=str(exc),
                message_id=message.message_id if message else None,
                receive_count=message.receives if message else None,
            )

    def refused(self, poison: ValueError, message: Received) -> None:
        """Tell why a message is a dead letter at once."""
        self.logger.error("no message of ours", reason=str(poison), message_id=message.message_id)

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


def _about(event: Sourced | None) -> dict[str, Any]:
    if event is None:  # of a newer release
        return {}
    return {
        "asset_id": asset_id(event.source.bucket, event.source.key),
        "key": event.source.key,
        "version_id": event.source.version_id,
    }
