"""DynamoDB's UpdateExpressions, each parsed once into what gives the new item for an old one.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeAlias

from tests.robustness.model.aws.attribute_values import Item, Names, Values, find
from tests.robustness.model.aws.errors import refused
from tests.robustness.model.aws.expressions import Operand, Parsed, Tokens, operand, read_path

Change: TypeAlias = Callable[[dict[str, Any], Item, Names, Values], None]
"""Changes the new item by what the old one holds. The old one stays as it is."""
Path: TypeAlias = Sequence[str | int]

CLAUSES = ("SET", "REMOVE", "ADD", "DELETE")
ABSENT = "The provided expression refers to an attribute that does not exist in the item"
NO_PLACE = "The document path provided in the update expression is invalid for update"
WRONG_TYPE = "An operand in the update expression has an incorrect data type"


@lru_cache(4096)
def parse_update(text: str) -> Parsed:
    """Return what makes, of (item, names, values), the new item and the names that it touched."""
    tokens = Tokens(text)
    changes: list[Change] = []
    paths: list[Path] = []
    seen: set[str] = set()
    while tokens.peek():
        clause = tokens.take(*CLAUSES).upper()
        if clause in seen:
            raise refused(f'The "{clause}" section can only be used once in an update expression;')
        seen.add(clause)
        read = {"SET": _set, "REMOVE": _remove, "ADD": _add, "DELETE": _delete}[clause]
        while True:
            path = read_path(tokens)
            paths.append(path)
            changes.append(read(tokens, path))
            if tokens.peek() != ",":
                break
            tokens.take()
    if not changes:
        raise refused("Invalid UpdateExpression: The expression can not be empty;")
    _check_overlaps(paths)
    touched = [str(path[0]) for path in paths]

    def run(item: Item, names: Names, values: Values) -> tuple[dict[str, Any], list[str]]:
        new = {**item}
        for change in changes:
            change(new, item, names, values)
        return new, [names[each] if each[0] == "#" else each for each in touched]

    return Parsed(run, frozenset(tokens.mentioned))


def _set(tokens: Tokens, path: Path) -> Change:
    tokens.take("=")
    value = _sum(tokens)
    top = path[0]
    if len(path) == 1 and isinstance(top, str):
        if top[0] == "#":

            def by_alias(new: dict[str, Any], item: Item, names: Names, values: Values) -> None:
                new[names[top]] = value(item, names, values)

            return by_alias

        def by_name(new: dict[str, Any], item: Item, names: Names, values: Values) -> None:
            new[top] = value(item, names, values)

        return by_name
    return lambda new, item, names, values: _store(new, path, names, value(item, names, values))


def _sum(tokens: Tokens) -> Operand:
    first = _term(tokens)
    if tokens.peek() not in ("+", "-"):
        return first
    sign = tokens.take()
    second = _term(tokens)
    return lambda item, names, values: _added(
        first(item, names, values), second(item, names, values), sign
    )


def _term(tokens: Tokens) -> Operand:
    if tokens.peek() == "if_not_exists":
        tokens.take()
        tokens.take("(")
        path = operand(tokens)
        tokens.take(",")
        otherwise = _sum(tokens)
        tokens.take(")")

        def if_not_exists(item: Item, names: Names, values: Values) -> Any:
            found = path(item, names, values)
            return otherwise(item, names, values) if found is None else found

        return if_not_exists
    if tokens.peek() == "list_append":
        tokens.take()
        tokens.take("(")
        first = _sum(tokens)
        tokens.take(",")
        second = _sum(tokens)
        tokens.take(")")

        def append(item: Item, names: Names, values: Values) -> Any:
            lists = first(item, names, values), second(item, names, values)
            if not all("L" in each for each in lists):
                raise refused(WRONG_TYPE)
            return {"L": [*lists[0]["L"], *lists[1]["L"]]}

        return append
    if tokens.peek() == "(":
        tokens.take()
        inner = _sum(tokens)
        tokens.take(")")
        return inner
    value = operand(tokens)

    def existing(item: Item, names: Names, values: Values) -> Any:
        found = value(item, names, values)
        if found is None:
            raise refused(ABSENT)
        return found

    return existing


def _remove(tokens: Tokens, path: Path) -> Change:
    top = path[0]
    if len(path) == 1 and isinstance(top, str):
        return lambda new, item, names, values: new.pop(names[top] if top[0] == "#" else top, None)
    return lambda new, item, names, values: _store(new, path, names, None)


def _add(tokens: Tokens, path: Path) -> Change:
    value = operand(tokens)

    def add(new: dict[str, Any], item: Item, names: Names, values: Values) -> None:
        added, found = value(item, names, values), find(item, path, names)
        [kind] = added
        if kind not in ("N", "SS", "NS", "BS") or (found is not None and kind not in found):
            raise refused(WRONG_TYPE)
        if found is not None:
            if kind == "N":
                added = _added(found, added, "+")
            else:
                added = {kind: [*dict.fromkeys((*found[kind], *added[kind]))]}
        _store(new, path, names, added)

    return add


def _delete(tokens: Tokens, path: Path) -> Change:
    value = operand(tokens)

    def delete(new: dict[str, Any], item: Item, names: Names, values: Values) -> None:
        deleted, found = value(item, names, values), find(item, path, names)
        [kind] = deleted
        if kind not in ("SS", "NS", "BS") or (found is not None and kind not in found):
            raise refused(WRONG_TYPE)
        if found is not None:
            left = [each for each in found[kind] if each not in deleted[kind]]
            _store(new, path, names, {kind: left} if left else None)

    return delete


def _added(first: Any, second: Any, sign: str) -> Any:
    if "N" not in first or "N" not in second:
        raise refused(WRONG_TYPE)
    one, other = Decimal(first["N"]), Decimal(second["N"])
    return {"N": _plain(one + other if sign == "+" else one - other)}


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _store(new: dict[str, Any], path: Path, names: Names, value: Any) -> None:
    """Write at a path, or remove where the value is None; copies what it changes on the way."""
    [*way, last] = path
    inside: Any = new
    for step in way:
        key = names[step] if isinstance(step, str) and step[0] == "#" else step
        missing = key not in inside if isinstance(inside, dict) else int(key) >= len(inside)
        kind: str
        content: Any
        kind, content = ("", None) if missing else next(iter(inside[key].items()))
        if kind not in ("M", "L"):
            raise refused(NO_PLACE)
        copied: Any = {**content} if kind == "M" else [*content]
        inside[key] = {kind: copied}
        inside = copied
    key = names[last] if isinstance(last, str) and last[0] == "#" else last
    if isinstance(inside, dict) != isinstance(key, str):
        raise refused(NO_PLACE)
    if isinstance(key, str):
        if value is None:
            inside.pop(key, None)
        else:
            inside[key] = value
    elif value is None:
        del inside[key : key + 1]
    else:
        inside[key : key + 1] = [value]


def _check_overlaps(paths: Sequence[Path]) -> None:
    for index, one in enumerate(paths):
        for other in paths[index + 1 :]:
            shorter = min(len(one), len(other))
            if list(one[:shorter]) == list(other[:shorter]):
                raise refused(
                    "Invalid UpdateExpression: Two document paths overlap with each other;"
                )
