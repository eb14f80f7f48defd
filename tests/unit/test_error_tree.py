"""The error tree: codes, the two kinds of them, and what AWS is told of one."""

from __future__ import annotations

import re

import pytest

from lib.domain import errors
from lib.domain.errors import (
    PERMANENT_ERROR,
    TRANSIENT_ERROR,
    ErrorCode,
    Failure,
    PermanentError,
    TransientError,
    deserialize_error,
    error_of,
    is_counted,
    serialize_error,
)

MESSAGES = ("", "moov: not found", "THROTTLED: no", ": ", "“zu groß”\nnoch eine Zeile")


def test_the_state_machine_and_lambda_call_an_error_the_same() -> None:
    assert PermanentError.__name__ == PERMANENT_ERROR == "PermanentError"
    assert TransientError.__name__ == TRANSIENT_ERROR == "TransientError"


def test_the_tree_in_the_documentation_has_every_code_below_its_kind() -> None:
    tree = errors.__doc__ or ""
    below = tree[tree.index("├── PermanentError") :]
    permanent, transient = below.split("└── TransientError")
    codes = [
        re.findall(r"^[│ ] +([A-Z_]{5,}) ", part, re.MULTILINE) for part in (permanent, transient)
    ]
    assert codes == [
        [code for code in ErrorCode if code.permanent],
        [code for code in ErrorCode if not code.permanent],
    ]


@pytest.mark.parametrize("code", ErrorCode)
def test_a_code_is_its_name_and_decides_the_kind_of_its_error(code: ErrorCode) -> None:
    assert code == code.value == code.name == str(code)
    right, wrong = PermanentError, TransientError
    if not code.permanent:
        right, wrong = wrong, right  # type: ignore[assignment]
    error = error_of(code, "why")
    assert (type(error), error.permanent) == (right, code.permanent)
    with pytest.raises(
        ValueError, match=rf"^expected another code for {wrong.__name__} but received {code}$"
    ):
        wrong(code, "why")


@pytest.mark.parametrize("code", ErrorCode)
@pytest.mark.parametrize("message", MESSAGES)
def test_an_error_is_read_back_from_what_it_says(code: ErrorCode, message: str) -> None:
    error = error_of(code, message)
    assert str(error) == serialize_error(error) == f"{code}: {message}"
    again = deserialize_error(serialize_error(error))
    assert again is not None
    assert (type(again), again.code, again.message) == (type(error), code, message)


@pytest.mark.parametrize("text", ["", "'secret'", "KeyError: CORRUPT_MEDIA", "corrupt_media: no"])
def test_no_other_text_is_an_error_of_ours(text: str) -> None:
    assert deserialize_error(text) is None


@pytest.mark.parametrize("code", ErrorCode)
def test_what_surrounds_the_work_is_waited_for_and_the_rest_is_counted(code: ErrorCode) -> None:
    surrounding = {"THROTTLED", "SERVICE_UNAVAILABLE", "LEASE_HELD", "BUDGET_SPENT"}
    assert is_counted(error_of(code, "why")) == code.counted
    assert code.counted is (not code.permanent and code not in surrounding)


def test_a_bug_is_counted_and_an_unknown_code_is_not() -> None:
    assert is_counted(ZeroDivisionError())
    assert not ErrorCode("OF_ANOTHER_RELEASE").counted


def test_a_failure_is_an_error_as_data() -> None:
    gone = PermanentError(ErrorCode.SOURCE_GONE, "v1 is not there")
    assert Failure.of(gone) == Failure(ErrorCode.SOURCE_GONE, "v1 is not there")


def test_a_transient_error_may_say_when_to_come_back() -> None:
    assert TransientError(ErrorCode.LEASE_HELD, "why").retry_after is None
    assert TransientError(ErrorCode.LEASE_HELD, "why", retry_after=1.5).retry_after == 1.5
