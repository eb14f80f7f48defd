"""What is stored of a source and of a failure, as plain values by names that stay.

Catalog items and the work files of running executions hold them: a field may be renamed, and what
was stored before is read as ever. Names that are not known are left alone, for a newer release may
have written them; what is missing of a probe is as if the source did not say.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lib.domain.errors import ErrorCode, Failure, TransientError

Values = Mapping[str, Any]
"""As JSON has them, or DynamoDB, for which 30.0 is 30."""


class Record:
    """Stored values, of which some have to be there: `what` they are says the error."""

    def __init__(self, values: Values, what: str) -> None:
        self._values = values
        self._what = what

    def __getitem__(self, name: str) -> Any:
        """Return a value. Raises TransientError where it is missing."""
        if name not in self._values:
            raise TransientError(
                ErrorCode.SERVICE_UNAVAILABLE, f"expected {name} in {self._what} but it is missing"
            )
        return self._values[name]

    def get(self, name: str, default: Any = None) -> Any:
        """Return a value that need not be there."""
        return self._values.get(name, default)


def failure_to_values(failure: Failure) -> dict[str, Any]:
    """Return why something failed."""
    return {
        "code": failure.code,
        "message": failure.message,
        "permanent": failure.permanent,
    }


def failure_from_values(values: Values) -> Failure:
    """Return the failure that was stored. Raises TransientError where a field is missing."""
    read = Record(values, "a failure")
    return Failure(ErrorCode(read["code"]), read["message"])
