"""Find out who calls, by what API Gateway has checked: a token's claims, or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lib.application.doors.refusals import RefusalCode, Refused
from lib.domain.caller import Caller, tenant_of


def find_caller(event: Mapping[str, Any], claim: str) -> Caller:
    """Return who calls; `claim` names the claim whose value is the caller's folder, "" for none.

    Raises Refused where there is no such claim in a token, or no token.
    """
    if not claim:
        return Caller()
    context = event.get("requestContext") or {}
    claims = ((context.get("authorizer") or {}).get("jwt") or {}).get("claims") or {}
    try:
        return Caller(tenant_of(claims.get(claim)))
    except ValueError as exc:
        detail = f"expected a token with the claim {claim}: {exc}"
        raise Refused(RefusalCode.FORBIDDEN, detail) from exc
