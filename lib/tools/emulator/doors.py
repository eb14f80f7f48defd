"""Find what of the emulator is open to browsers: HTTP APIs, and objects of S3.

As on AWS, an API's own authorizers say who may use it, a bucket's policy what is public, and a form
or a presigned URL carries the signature of who made it. Which pages may ask is what the stage says
itself: the origins in the CORS configuration of the API or of the bucket, by name. A configuration
that names all (`*`) opens nothing here: on this machine, any site that somebody visits would do.

Runs in the emulator's own environment; every function imports ministack when it is called.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace

from lib.tools.emulator.patches import read_cors
from lib.tools.emulator.refusals import Refusal
from lib.tools.emulator.request_filter import READING, Door, Request
from lib.tools.emulator.sigv4 import WAY_OUT, Call, Verifier

API = "/_aws/execute-api/"
FORM = "multipart/form-data"
NAMED = re.compile(r"https?://(\*\.)?[a-z0-9.-]*[a-z0-9](:(\d+|\*))?", re.IGNORECASE)
"""An origin whose host is named, at most without its first labels; its port may be any."""

ANONYMOUS_QUERY = frozenset({"versionid", "partnumber", "x-id"})
"""What S3 takes of somebody unknown who asks for an object; all else asks about it."""

CREDENTIALS = frozenset({"awsaccesskeyid", "x-amz-credential", "x-amz-signature"})
"""By which a query says who asks: ministack believes some keys without a signature."""

Read = Callable[[], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class Doors:
    """Find the door that a request asks for."""

    verifier: Verifier

    def find(self, request: Request) -> Door | None:
        """Return it, or None for what is open to signed requests alone, and to no page."""
        if request.path.startswith(API):
            return self._find_api(request)
        return self._find_object(request)

    def _find_api(self, request: Request) -> Door | None:
        from ministack import app
        from ministack.core import responses
        from ministack.services import apigateway

        found = app._parse_execute_api_url("", request.path)
        scope = apigateway.find_api_scope(found[0]) if found else None
        if found is None or scope is None:
            return None
        with responses.request_scope(*scope):
            cors = read_cors(apigateway._apis[found[0]].get("corsConfiguration") or {})
        admits = admit_named(cors.get("allowOrigins") or ())
        shared = apigateway._cors_response_headers(cors, request.header("origin"))
        free = request.method == "OPTIONS" or not _wants_signature(request)
        free = free and not _names_service_or_key(request)
        return Door(admits, verify=_admit if free else self.verify_call, shared=shared)

    async def verify_call(self, request: Request, read: Read) -> Refusal | None:
        """Say why a call of a route that IAM decides on is not signed as it should be."""
        refusal = await self.verifier(request, read)
        return refusal and replace(refusal, service="execute-api")

    def _find_object(self, request: Request) -> Door | None:
        from ministack import app
        from ministack.core import router
        from ministack.services import s3

        found = app._s3_cors_target("", request.path)
        call = Call.of(request)
        service = router.detect_service(request.method, request.path, call.headers, call.query)
        if found is None or service != "s3":
            return None
        bucket, key = found
        rules = s3._cors_rules(bucket) or ()
        admits = admit_named(each for rule in rules for each in rule.get("AllowedOrigin", ()))
        shown = bool(key) and request.method in READING
        if request.method == "OPTIONS":
            return Door(admits, verify=_admit)
        shared = s3.cors_response_headers(bucket, request.method, call.headers)
        if request.header("authorization") or call.presigned or call.parameter("AWSAccessKeyId"):
            return Door(admits, shown, shared=shared)
        if shown and {name.lower() for name in call.query} <= ANONYMOUS_QUERY:
            return Door(admits, shown, _admit)
        form = request.header("content-type").lower().startswith(FORM)
        if request.method == "POST" and not key and not request.query and form:
            return Door(admits, verify=self.verify_form, shared=shared)
        return None

    async def verify_form(self, request: Request, read: Read) -> Refusal | None:
        """Say why the key of a form is not one that was given out; ministack does the rest.

        That is: the signature over the policy, and each of the policy's conditions.
        """
        from ministack.services import s3

        parts = s3._parse_multipart_form(request.header("content-type"), await read())
        fields = {name.lower(): value.decode("latin-1") for name, _, _, value in parts}
        by_old = fields.get("awsaccesskeyid", "")
        key = fields.get("x-amz-credential", "").split("/")[0] or by_old
        if not key or (by_old and by_old != key):
            return Refusal("AccessDenied", f"expected a signed form: {WAY_OUT}", "s3")
        if not self.verifier.find_secret(key, fields.get("x-amz-security-token", "")):
            return Refusal("InvalidAccessKeyId", f"unknown access key: {WAY_OUT}", "s3")
        return None


def _names_service_or_key(request: Request) -> bool:
    """Tell whether a request may be taken for one to another service, or of somebody known."""
    authorization = request.header("authorization")
    names = {name.lower() for name in Call.of(request).query}
    by_header = authorization.upper().startswith("AWS") or "Credential=" in authorization
    return by_header or bool(names & CREDENTIALS) or bool(request.header("x-amz-target"))


def _wants_signature(request: Request) -> bool:
    """Tell whether IAM decides: ministack believes the key's name, so the signature is ours."""
    from ministack import app
    from ministack.services import apigateway

    # It decodes a path twice, in different ways: both must lead to a route that is open.
    for path in (request.path, apigateway.decode_http_api_path(request.raw_path)):
        found = app._parse_execute_api_url("", path)
        if found is None or found[2].startswith("/@connections/"):
            return True
        api, stage, rest = found
        stage, rest = app._resolve_stage_and_path(api, stage, rest)
        if apigateway.route_authorization_type(api, stage, request.method, rest) == "AWS_IAM":
            return True
    return False


def admit_named(patterns: Iterable[str]) -> Callable[[str], bool]:
    """Return whether an origin is one that patterns name; `*` stands for a port or for labels."""
    named = [
        re.compile(
            re.escape(each.lower()).replace(r":\*", r":\d+").replace(r"\*\.", r"([a-z0-9-]+\.)+")
        )
        for each in patterns
        if NAMED.fullmatch(each)
    ]
    return lambda origin: any(each.fullmatch(origin.lower()) for each in named)


async def _admit(_request: Request, _read: Read) -> Refusal | None:
    """Let pass what needs no signature."""
    return None
