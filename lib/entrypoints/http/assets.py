"""`/assets`: what became of uploads, and what their owners have done with them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

from lib.application.doors.asset_values import asset_to_values, summary_to_values
from lib.application.doors.assets import (
    SHORTEST_WAIT,
    Library,
    edition_of,
    find_asset,
    find_by_key,
    remove_asset,
    seconds_until_change,
)
from lib.application.doors.listing import DEFAULT_PAGE, LONGEST_PAGE, AssetQuery, list_assets
from lib.application.doors.refusals import invalid
from lib.domain.asset import Asset, AssetStatus
from lib.domain.caller import Caller
from lib.domain.media import MediaType
from lib.domain.open_enum import OpenEnum
from lib.entrypoints.http.fields import read_object, read_text
from lib.entrypoints.http.request import Answer, Request, Route

if TYPE_CHECKING:
    from lib.presets import Presets

ASSETS = "/assets"
BY_KEY = f"{ASSETS}/by-key/"

PRIVATE = {"Cache-Control": "private, no-cache"}
"""A browser may keep it, and asks each time whether it is still so."""

QUERY = ("status", "prefix", "type", "q", "cursor", "limit")
LONGEST_TEXT = 1024
"""Bytes of a prefix or a search: no key has more, and no index takes a folder of twice as many."""

Name = TypeVar("Name", bound=OpenEnum)


def asset_routes(library: Library, presets: Callable[[], Presets]) -> tuple[Route, ...]:
    """Return what is answered of assets; `presets` are read when one is asked for."""

    def by_id(request: Request) -> Answer:
        asset = find_asset(request.params["asset_id"], request.caller, library)
        return _answer(asset, request, library)

    def by_key(request: Request) -> Answer:
        key = request.path[request.path.index(BY_KEY) + len(BY_KEY) :]
        return _answer(find_by_key(key, request.caller, library), request, library)

    def delete(request: Request) -> Answer:
        asset = remove_asset(request.params["asset_id"], request.caller, library)
        wait = {"Retry-After": str(SHORTEST_WAIT)}
        return Answer(summary_to_values(asset, library.links), 202, wait)

    def retry(request: Request) -> Answer:
        asset = _retry(request, library, presets)
        return Answer(asset_to_values(asset, library.links), 202, _wait(library, asset))

    one = f"{ASSETS}/<asset_id>"
    return (
        Route("GET", ASSETS, lambda request: _list(request.query, request.caller, library)),
        Route("GET", f"{BY_KEY}(?s:.+)", by_key),
        Route("GET", one, by_id),
        Route("DELETE", one, delete),
        Route("POST", f"{one}/retry", retry),
    )


def _answer(asset: Asset, request: Request, library: Library) -> Answer:
    """Answer with an asset, or that it is as the caller knows it."""
    tag = f'W/"{edition_of(asset, library.links)}"'
    headers = {**PRIVATE, "ETag": tag, **_wait(library, asset)}
    if _is_known(tag, request.headers.get("if-none-match", "")):
        return Answer(None, 304, headers)
    return Answer(asset_to_values(asset, library.links), 200, headers)


def _is_known(tag: str, condition: str) -> bool:
    """Tell whether a header names a tag, among others; compared weakly, as RFC 9110 says."""
    named = [each.strip().removeprefix("W/") for each in condition.split(",")]
    return "*" in named or tag.removeprefix("W/") in named


def _wait(library: Library, *assets: Asset) -> dict[str, str]:
    """Return the header that says when to ask again, for what changes first; nothing is none."""
    now = library.clock()
    waits = [seconds_until_change(each, now) for each in assets]
    soonest = min((each for each in waits if each is not None), default=None)
    return {} if soonest is None else {"Retry-After": str(soonest)}


def _retry(request: Request, library: Library, presets: Callable[[], Presets]) -> Asset:
    # Whoever looks needs nothing of what makes: it would take part of each cold start.
    from lib.application.doors.retry import retry_asset, retry_with_preset

    fields = read_object(request.body, ("preset",)) if request.body else {}
    preset, identity = read_text(fields, "preset"), request.params["asset_id"]
    if not preset:
        return retry_asset(identity, request.caller, library)
    return retry_with_preset(identity, preset, request.caller, library, presets())


def _list(query: Mapping[str, str], caller: Caller, library: Library) -> Answer:
    page = list_assets(_read_query(query), caller, library.index, library.bucket)
    assets = [summary_to_values(each, library.links) for each in page.assets]
    return Answer({"assets": assets, "cursor": page.cursor}, 200, _wait(library, *page.assets))


def _read_query(query: Mapping[str, str]) -> AssetQuery:
    unknown = sorted(query.keys() - set(QUERY))
    if unknown:
        expected = ", ".join(QUERY)
        raise invalid(f"unknown field {unknown[0][:60]!a}: expected some of {expected}")
    return AssetQuery(
        status=_one_of(AssetStatus, query, "status"),
        prefix=_short(query, "prefix"),
        media_type=_one_of(MediaType, query, "type"),
        text=_short(query, "q"),
        cursor=query.get("cursor"),
        limit=_limit(query.get("limit")),
    )


def _one_of(kind: type[Name], query: Mapping[str, str], name: str) -> Name | None:
    if name not in query:
        return None
    for each in kind:
        if each.value == query[name]:
            return each
    raise invalid(f"expected one of {', '.join(kind)} for {name}")


def _short(query: Mapping[str, str], name: str) -> str:
    text = query.get(name, "")
    if len(text.encode()) > LONGEST_TEXT:
        raise invalid(f"expected at most {LONGEST_TEXT:,} bytes in UTF-8 for {name}")
    return text


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_PAGE
    if not re.fullmatch("[0-9]{1,3}", text) or not 1 <= int(text) <= LONGEST_PAGE:
        raise invalid(f"expected a whole number from 1 to {LONGEST_PAGE} for limit")
    return int(text)
