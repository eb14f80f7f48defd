"""Verify the signature of every request to the emulator, as AWS does (Signature Version 4).

ministack 1.5.33 takes a dozen access keys for its root without looking at the signature, and makes
the secrets of functions' roles from their names, where anybody can make them again. Here the root
is one key, with a secret of this start, and the secrets of roles can't be guessed.

Runs in the emulator's own environment; its signing documents and its sessions are ministack's.
https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs

from lib.tools.emulator.refusals import Refusal
from lib.tools.emulator.request_filter import Request

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"
STREAMED = "STREAMING-"
LONGEST_EXPIRY = 7 * 24 * 3600
WAY_OUT = (
    "the local stage takes the credentials of its own start only: `npm run demo -- --keep` prints "
    "them, and `npm run media` and `npm run sls` with `--stage local` use them"
)


def become_root(access_key: str, secret_key: str) -> None:
    """Tell ministack, which is not imported yet, which key is its root's.

    It reads them from this process's variables. Functions get their role's in place of these.
    """
    os.environ["AWS_ACCESS_KEY_ID"] = access_key
    os.environ["AWS_SECRET_ACCESS_KEY"] = secret_key


def hide_role_secrets() -> None:
    """Make the credentials that functions get depend on a secret of this start."""
    from ministack.core import lambda_runtime

    seed = secrets.token_bytes()
    # All that the module hashes are those credentials.
    lambda_runtime.hashlib = SimpleNamespace(sha256=lambda text: hmac.new(seed, text, "sha256"))


@dataclass(frozen=True, slots=True)
class Call:
    """A request and the parameters of its query."""

    request: Request
    query: dict[str, list[str]]

    @classmethod
    def of(cls, request: Request) -> Call:
        """Parse a request's query."""
        return cls(request, parse_qs(request.query, keep_blank_values=True))

    @property
    def presigned(self) -> bool:
        """Tell whether the query holds the signature."""
        return any(name.lower() == "x-amz-signature" for name in self.query)

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers, each once."""
        return {name: self.request.header(name) for name, _ in self.request.headers}

    @property
    def token(self) -> str:
        """Return the token that belongs to credentials of a role, "" for none."""
        header = self.request.header("x-amz-security-token")
        return header or self.parameter("X-Amz-Security-Token")

    def parameter(self, name: str) -> str:
        """Return the first of a name in the query, "" for none."""
        return next(iter(self.query.get(name) or self.query.get(name.lower()) or ()), "")


@dataclass(frozen=True, slots=True)
class Verifier:
    """Say whether a request is signed by the root's key or by one that the emulator has issued.

    Its methods, and the functions below, import ministack when they are called: it is installed in
    the emulator's environment alone, and reads its root's key when it is imported (`become_root`).
    """

    root_key: str

    async def __call__(
        self, request: Request, read: Callable[[], Awaitable[bytes]]
    ) -> Refusal | None:
        """Return why a request is refused, or None."""
        call = Call.of(request)
        if call.parameter("AWSAccessKeyId") and not request.header("authorization"):
            return self._refuse_old_url(call)
        signature = _parse(call)
        if isinstance(signature, Refusal):
            return signature
        failure = _refuse_time(signature, call)
        secret = "" if failure else self.find_secret(signature.access_key_id, call.token)
        if not failure and not secret:
            failure = Refusal("InvalidClientTokenId", f"unknown access key: {WAY_OUT}")
        if not failure:
            body = b"" if _signs_no_body(signature, call) else await read()
            failure = _refuse_content(signature, secret, call, body)
        return failure and replace(failure, service=signature.service)

    def _refuse_old_url(self, call: Call) -> Refusal | None:
        """Verify a URL by Signature Version 2, in which boto3 still presigns for us-east-1."""
        from ministack.core import iam_evaluator, responses

        key = call.parameter("AWSAccessKeyId")
        if not self.find_secret(key, call.token):
            return Refusal("InvalidClientTokenId", f"unknown access key: {WAY_OUT}", "s3")
        checked = iam_evaluator._sigv2_check(
            iam_evaluator.SignedRequest(
                key,
                call.request.method,
                call.request.raw_path,
                call.query,
                call.headers,
                sigv2=True,
                auth_path=call.request.raw_path,
            ),
            responses.get_account_id(),
        )
        if isinstance(checked, iam_evaluator.AuthError):
            return Refusal(checked.code, checked.message, "s3")
        return None

    def find_secret(self, key: str, token: str) -> str:
        """Return the secret of a key, "" for one that is unknown, expired or without its token."""
        from ministack.core import iam_evaluator, responses

        if key != self.root_key and iam_evaluator.is_root_access_key(key):
            return ""
        account = (
            responses._account_from_sts_session(key)
            or iam_evaluator.find_iam_access_key_account(key)
            or responses.get_account_id()
        )
        found = iam_evaluator.resolve_credential(key, account, token)
        return getattr(found, "secret_access_key", "")


def _parse(call: Call) -> Any:
    """Return ministack's `HeaderSignature`, or why there is none that can be verified."""
    from ministack.core import sigv4

    authorization = call.request.header("authorization")
    if not authorization and not call.presigned:
        return Refusal("MissingAuthenticationToken", f"the request is not signed: {WAY_OUT}")
    by_header = authorization.split(" ")[0]
    algorithm = call.parameter("X-Amz-Algorithm") if call.presigned else by_header
    if algorithm != ALGORITHM or (authorization and call.presigned):
        return Refusal("IncompleteSignature", f"expected one signature by {ALGORITHM}")
    if call.presigned:
        signature = sigv4.parse_query_signature(call.query)
    else:
        signature = sigv4.parse_header_signature(call.headers)
    if isinstance(signature, tuple):
        return Refusal(*signature)
    if "host" not in signature.signed_headers.split(";"):
        return Refusal("SignatureDoesNotMatch", "expected `host` to be signed", signature.service)
    return signature


def _refuse_time(signature: Any, call: Call) -> Refusal | None:
    from ministack.core import sigv4

    signed_at = sigv4._amz_datetime(signature.amz_date)
    if signed_at is None:
        return Refusal("IncompleteSignature", "expected a date like 20300131T235959Z")
    skewed = sigv4.request_time_failure(signature)
    if skewed and not (call.presigned and signed_at < datetime.now(UTC)):
        return Refusal(*skewed)
    if not call.presigned:
        return None
    seconds = call.parameter("X-Amz-Expires")
    if not (seconds.isascii() and seconds.isdigit() and 0 < int(seconds) <= LONGEST_EXPIRY):
        return Refusal("AuthorizationQueryParametersError", "expected X-Amz-Expires to be seconds")
    if sigv4.presigned_request_is_expired(signature.amz_date, seconds):
        return Refusal("AccessDenied", "Request has expired")
    return None


def _signs_no_body(signature: Any, call: Call) -> bool:
    """Tell whether S3 takes any body for it: large ones are not held here then."""
    said = call.request.header("x-amz-content-sha256")
    return signature.service == "s3" and (said == UNSIGNED or (call.presigned and not said))


def _refuse_content(signature: Any, secret: str, call: Call, body: bytes) -> Refusal | None:
    from ministack.core import sigv4

    failure = sigv4.header_signature_failure(
        signature,
        secret,
        call.request.method,
        call.request.raw_path,
        call.query,
        call.headers,
        body,
        presigned=call.presigned,
    )
    if failure:
        code, message = failure
        return Refusal(code, f"{message} {WAY_OUT[0].upper()}{WAY_OUT[1:]}.")
    said = call.request.header("x-amz-content-sha256")
    unsigned = signature.service == "s3" and (said == UNSIGNED or said.startswith(STREAMED))
    if said and not unsigned and not hmac.compare_digest(said, hashlib.sha256(body).hexdigest()):
        return Refusal("XAmzContentSHA256Mismatch", "the body is not the one that was signed")
    return None
