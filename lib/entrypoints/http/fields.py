"""Read the fields of a request, from its query or its JSON, and refuse what is no such field."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import parse_qsl

from lib.application.doors.refusals import invalid

MOST_FIELDS = 100
SHOWN = 60
"""Characters of a name that a message repeats."""

Fields = Mapping[str, Any]


def read_query(raw: str) -> dict[str, str]:
    """Decode a query once, by name. Raises Refused for what is no text, or is there twice.

    The gateway's own reading joins what is there twice with a comma, which may be part of a key.
    """
    try:
        pairs = parse_qsl(raw, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except UnicodeDecodeError:
        raise invalid("expected UTF-8 in the query") from None
    except ValueError:
        raise invalid(f"expected at most {MOST_FIELDS} fields in the query") from None
    query = dict(pairs)
    if len(query) < len(pairs):
        raise invalid("expected each field of the query once")
    return query


def read_object(body: str, known: Collection[str] | None = None) -> dict[str, Any]:
    """Return the JSON object of a body, of nothing but `known` fields. Raises Refused."""
    try:
        read = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise invalid("expected JSON as the body") from None
    if not isinstance(read, dict):
        raise invalid(f"expected an object as the body but received {_kind(read)}")
    unknown = sorted(read.keys() - set(known)) if known is not None else []
    if unknown:
        names = ", ".join(known or ())
        raise invalid(f"unknown field {unknown[0][:SHOWN]!a}: expected some of {names}")
    return read


def read_text(fields: Fields, name: str, default: str | None = None) -> str | None:
    """Return a text, `default` where there is none. Raises Refused."""
    value = fields.get(name)
    if value is None:
        return default
    if not isinstance(value, str):
        raise invalid(f"expected text for {name} but received {_kind(value)}")
    return value


def require_text(fields: Fields, name: str) -> str:
    """Return a text that has to be there. Raises Refused."""
    value = read_text(fields, name)
    if not value:
        raise invalid(f"expected text for {name}, which is missing")
    return value


def read_number(fields: Fields, name: str) -> int | None:
    """Return a whole number, None where there is none. Raises Refused."""
    value = fields.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        raise invalid(f"expected a whole number for {name} but received {_kind(value)}")
    return value


def read_flag(fields: Fields, name: str) -> bool:
    """Return true or false, false where there is none. Raises Refused."""
    value = fields.get(name)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise invalid(f"expected true or false for {name} but received {_kind(value)}")
    return value


def _kind(value: object) -> str:
    """Return what JSON calls it."""
    kinds: dict[type, str] = {
        dict: "an object",
        list: "an array",
        str: "text",
        bool: "true or false",
        type(None): "null",
    }
    return kinds.get(type(value), "a number")


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")
