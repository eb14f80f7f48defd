"""What the routes of the HTTP API work with: a request that was read, and an answer to write."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lib.domain.caller import Caller

SMALL_BODY = 64 * 1024
"""Bytes of a body; what lists parts may have more."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request: what its path and its query name, both decoded once, and who sent it.

    Names of headers are in lower case.
    """

    caller: Caller
    path: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered, as JSON; None is no body. Not stored by caches unless a header says so."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Route:
    """What answers a method at a path. `rule` is Powertools': `/assets/<id>`, or an expression.

    https://docs.aws.amazon.com/powertools/python/latest/core/event_handler/api_gateway/
    """

    method: str
    rule: str
    answer: Callable[[Request], Answer]
    body_limit: int = SMALL_BODY
    """Bytes."""
