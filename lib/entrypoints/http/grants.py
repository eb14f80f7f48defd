"""`POST /assets/{id}/grant`: let whoever an asset belongs to show it for a while."""

from __future__ import annotations

from collections.abc import Callable

from lib.application.doors.grant import DEFAULT_SECONDS, Granter
from lib.domain.asset import Asset
from lib.domain.caller import Caller
from lib.entrypoints.http.fields import read_number, read_object
from lib.entrypoints.http.request import Answer, Request, Route

Find = Callable[[str, Caller], Asset]
"""Return a caller's asset by its id. Raises Refused."""


def grant_routes(find: Find, granter: Granter) -> tuple[Route, ...]:
    """Return how renditions are opened, where the CDN serves signed requests alone."""

    def grant(request: Request) -> Answer:
        fields = read_object(request.body, ("seconds",)) if request.body else {}
        seconds = read_number(fields, "seconds")
        asset = find(request.params["asset_id"], request.caller)
        granted = granter.grant(asset.asset_id, DEFAULT_SECONDS if seconds is None else seconds)
        return Answer(granted.to_values())

    return (Route("POST", "/assets/<asset_id>/grant", grant),)
