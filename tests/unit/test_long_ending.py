"""Why an execution ended, understood from what its machine tells."""

import json

import pytest

from lib.application.long_video.fail import parse_failure
from lib.domain.errors import ErrorCode, PermanentError, TransientError, error_of


def told(name, message):
    return parse_failure(name, json.dumps({"errorType": name, "errorMessage": message}))


def test_an_error_of_ours_keeps_its_code():
    error = told("PermanentError", "CORRUPT_MEDIA: moov: not found")
    assert isinstance(error, PermanentError)
    assert (error.code, error.message) == (ErrorCode.CORRUPT_MEDIA, "moov: not found")
    error = told("TransientError", "DEADLINE_NEAR: too late")
    assert isinstance(error, TransientError)
    assert error.code is ErrorCode.DEADLINE_NEAR


@pytest.mark.parametrize("code", ErrorCode)
def test_every_error_of_ours_is_what_it_was_raised_as(code):
    raised = error_of(code, "why: because")
    error = told("Runtime.HandlerError", str(raised))
    assert (type(error), error.code, error.message) == (type(raised), code, "why: because")


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        ("States.Timeout", ""),
        ("Runtime.ExitError", "RequestId: 1 Error: Runtime exited: signal: killed"),
        ("KeyError", json.dumps({"errorMessage": "'secret'", "errorType": "KeyError"})),
    ],
)
def test_any_other_may_pass_and_its_text_is_not_repeated(error, cause):
    understood = parse_failure(error, cause)
    assert isinstance(understood, TransientError)
    assert understood.message == f"unexpected {error}"
