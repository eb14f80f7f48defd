"""What goes wrong: at one call, for a time, or with a delivery."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

BEFORE = frozenset({"throttle", "unavailable", "denied", "unreachable"})
"""Errors of calls that had no effect."""

AFTER = frozenset({"lost", "twice"})
"""The call had its effect; `twice`: the reply was lost, and botocore's own retry came through."""

BATCHES = frozenset({"publish_batch", "delete_objects"})
"""Calls of which a part may fail; to others, `partly` does not happen."""

KILLS = frozenset({"kill", "kill after"})

THROTTLES: Mapping[str, tuple[str, int]] = {
    "dynamodb": ("ProvisionedThroughputExceededException", 400),
    "s3": ("SlowDown", 503),
    "sns": ("Throttling", 400),
    "sqs": ("RequestThrottled", 403),
    "stepfunctions": ("ThrottlingException", 400),
}
UNAVAILABLE = {"dynamodb": "InternalServerError", "s3": "InternalError", "sns": "InternalError"}
DENIED = {"s3": "AccessDenied", "sns": "AuthorizationError", "sqs": "AccessDenied"}

READS = frozenset({"get_object", "head_object", "list_objects_v2", "list_object_versions"})


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault at the nth call of a function, counted over all of its invocations."""

    function: str
    number: int
    kind: str
    seconds: float = 0.0

    def __str__(self) -> str:
        stall = f" of {self.seconds:g} s" if self.kind == "stall" else ""
        return f"call {self.number} of {self.function}: {self.kind}{stall}"


@dataclass(frozen=True, slots=True)
class Outage:
    """A service, or its writes alone, that fails for some seconds; times count from the start."""

    service: str
    begins: float
    seconds: float
    kind: str
    writes_only: bool = False

    def __str__(self) -> str:
        what = f"{self.service}'s writes" if self.writes_only else self.service
        return f"from {self.begins:g} s on, {what}: {self.kind} for {self.seconds:g} s"


@dataclass(frozen=True, slots=True)
class Again:
    """The nth delivery from somewhere comes again, or its nth message is there twice."""

    place: str
    number: int

    def __str__(self) -> str:
        return f"delivery {self.number} of {self.place} comes again"


class Plan:
    """All faults of a schedule, looked up by the call."""

    def __init__(
        self, start: float, planned: Iterable[Fault | Outage | Again] = (), until: float = 1e18
    ) -> None:
        planned = tuple(planned)
        self._faults = {
            (each.function, each.number): each for each in planned if isinstance(each, Fault)
        }
        self._outages = tuple(
            (each, start + each.begins, start + each.begins + each.seconds)
            for each in planned
            if isinstance(each, Outage)
        )
        self._again = {(each.place, each.number) for each in planned if isinstance(each, Again)}
        self._counted: dict[str, int] = {}
        self.met: set[object] = set()
        """The faults that came true."""

    def fault(self, function: str, number: int) -> Fault | None:
        """Return what is planned for a call."""
        found = self._faults.get((function, number))
        if found is not None:
            self.met.add(found)
        return found

    def outage(self, service: str, operation: str, now: float) -> Fault | None:
        """Return the error of a service that is away."""
        for each, begins, ends in self._outages:
            if (
                begins <= now < ends
                and each.service == service
                and not (each.writes_only and operation in READS)
            ):
                self.met.add(each)
                return Fault(service, 0, each.kind)
        return None

    def comes_again(self, place: str) -> bool:
        """Count a delivery; tell whether it comes again."""
        if not self._again:
            return False
        number = self._counted.get(place, 0) + 1
        self._counted[place] = number
        return (place, number) in self._again


def error(kind: str, service: str, operation: str) -> Exception:
    """Return what botocore raises."""
    if kind == "unreachable":
        return EndpointConnectionError(endpoint_url=f"https://{service}.example")
    if kind == "lost":
        return ReadTimeoutError(endpoint_url=f"https://{service}.example")
    if kind == "denied":
        return client_error(DENIED.get(service, "AccessDeniedException"), 403, operation)
    if kind == "unavailable":
        return client_error(UNAVAILABLE.get(service, "ServiceUnavailable"), 500, operation)
    return client_error(*THROTTLES[service], operation)


def client_error(code: str, status: int, operation: str, message: str = "") -> ClientError:
    """Return botocore's error of a code and an HTTP status."""
    return ClientError(
        {
            "Error": {"Code": code, "Message": message or code},
            "ResponseMetadata": {"HTTPStatusCode": status},  # type: ignore[typeddict-item]
        },
        operation,
    )
