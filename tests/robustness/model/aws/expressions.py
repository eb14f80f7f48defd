"""DynamoDB's expressions, each parsed once into a closure over (item, names, values).

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeAlias

from tests.robustness.model.aws.attribute_values import (
    Item,
    Names,
    Values,
    begins_with,
    contains,
    find,
    is_type,
    number,
    same,
)
from tests.robustness.model.aws.errors import refused

Operand: TypeAlias = Callable[[Item, Names, Values], Any]
"""Gives an attribute value such as {"S": "text"}, or None where the item has none."""
Condition: TypeAlias = Callable[[Item, Names, Values], bool]

TOKEN = re.compile(r"\s*(#\w+|:\w+|[A-Za-z_]\w*|\d+|<>|<=|>=|[=<>()\[\],.+-])")
FUNCTIONS = {
    "attribute_exists",
    "attribute_not_exists",
    "attribute_type",
    "begins_with",
    "contains",
}
ORDER: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


@dataclass
class Tokens:
    """An expression's text, read from left to right; notes what it mentions."""

    text: str
    position: int = 0
    mentioned: set[str] = field(default_factory=set)
    left: list[str] = field(init=False)

    def __post_init__(self) -> None:
        """Split the text into what it is made of."""
        self.left, end = [], 0
        while found := TOKEN.match(self.text, end):
            self.left.append(found[1])
            end = found.end()
        if self.text[end:].strip():
            raise refused(f'Invalid expression: Syntax error; token: "{self.text[end:].strip()}"')

    def peek(self) -> str:
        """Return what comes next, or nothing at the end."""
        return self.left[self.position] if self.position < len(self.left) else ""

    def word(self) -> str:
        """Return a keyword that may come next, in capitals."""
        return self.peek().upper()

    def take(self, *expected: str) -> str:
        """Return what comes next, and go on; of `expected`, where there are some."""
        token = self.peek()
        if not token or (expected and token.upper() not in expected):
            raise refused(f'Invalid expression: Syntax error; token: "{token or "<EOF>"}"')
        self.position += 1
        if token[0] in "#:":
            self.mentioned.add(token)
        return token


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a text means, and the names and values that it mentions."""

    run: Any
    mentioned: frozenset[str]


@lru_cache(4096)
def parse_condition(text: str) -> Parsed:
    """Return the Condition of a ConditionExpression, FilterExpression or KeyConditionExpression."""
    tokens = Tokens(text)
    run = _either(tokens)[0]
    if tokens.peek():
        raise refused(f'Invalid expression: Syntax error; token: "{tokens.peek()}"')
    return Parsed(run, frozenset(tokens.mentioned))


Bracketed: TypeAlias = tuple[Condition, bool]
"""A condition, and whether it stands in parentheses of its own."""


def _either(tokens: Tokens) -> Bracketed:
    first, bracketed = _both(tokens)
    several = [first]
    while tokens.word() == "OR":
        tokens.take()
        several.append(_both(tokens)[0])
    if len(several) == 1:
        return first, bracketed
    return (lambda item, names, values: any(each(item, names, values) for each in several)), False


def _both(tokens: Tokens) -> Bracketed:
    first, bracketed = _one(tokens)
    several = [first]
    while tokens.word() == "AND":
        tokens.take()
        several.append(_one(tokens)[0])
    if len(several) == 1:
        return first, bracketed
    return (lambda item, names, values: all(each(item, names, values) for each in several)), False


def _one(tokens: Tokens) -> Bracketed:
    if tokens.word() == "NOT":
        tokens.take()
        inner = _one(tokens)[0]
        return (lambda item, names, values: not inner(item, names, values)), False
    if tokens.peek() == "(":
        tokens.take()
        inner, bracketed = _either(tokens)
        tokens.take(")")
        if bracketed:
            raise refused("Invalid expression: The expression has redundant parentheses;")
        return inner, True
    if tokens.peek() in FUNCTIONS:
        return _function(tokens), False
    return _comparison(tokens), False


def _function(tokens: Tokens) -> Condition:
    name = tokens.take()
    tokens.take("(")
    path = operand(tokens)
    if name == "attribute_exists":
        tokens.take(")")
        return lambda item, names, values: path(item, names, values) is not None
    if name == "attribute_not_exists":
        tokens.take(")")
        return lambda item, names, values: path(item, names, values) is None
    tokens.take(",")
    other = operand(tokens)
    tokens.take(")")
    check = {"attribute_type": is_type, "begins_with": begins_with, "contains": contains}[name]

    def call(item: Item, names: Names, values: Values) -> bool:
        value = path(item, names, values)
        return value is not None and check(value, other(item, names, values))

    return call


def _comparison(tokens: Tokens) -> Condition:
    left = operand(tokens)
    match tokens.word():
        case "BETWEEN":
            tokens.take()
            low = operand(tokens)
            tokens.take("AND")
            high = operand(tokens)
            lower, upper = compare("<=", low, left), compare("<=", left, high)
            return lambda item, names, values: (
                lower(item, names, values) and upper(item, names, values)
            )
        case "IN":
            tokens.take()
            tokens.take("(")
            others = [operand(tokens)]
            while tokens.take(",", ")") == ",":
                others.append(operand(tokens))
            several = [compare("=", left, each) for each in others]
            return lambda item, names, values: any(each(item, names, values) for each in several)
    return compare(tokens.take("=", "<>", "<", "<=", ">", ">="), left, operand(tokens))


def compare(sign: str, left: Operand, right: Operand) -> Condition:
    """Return a comparison. What is absent, or of another type, is unequal and has no order."""
    if sign == "=":

        def equals(item: Item, names: Names, values: Values) -> bool:
            first = left(item, names, values)
            return first is not None and same(first, right(item, names, values))

        return equals
    if sign == "<>":
        return lambda item, names, values: (
            not same(left(item, names, values), right(item, names, values))
        )
    in_order = ORDER[sign]

    def ordered(item: Item, names: Names, values: Values) -> bool:
        first, second = left(item, names, values), right(item, names, values)
        if first is None or second is None or first.keys() != second.keys():
            return False
        [kind] = first
        if kind == "N":
            return in_order(number(first), number(second))
        return kind in "SB" and in_order(first[kind], second[kind])

    return ordered


def operand(tokens: Tokens) -> Operand:
    """Read a value, a size or a path to an attribute."""
    token = tokens.peek()
    if token.startswith(":"):
        tokens.take()
        return lambda item, names, values: values[token]
    if token == "size":
        tokens.take()
        tokens.take("(")
        inner = operand(tokens)
        tokens.take(")")

        def size(item: Item, names: Names, values: Values) -> Any:
            value = inner(item, names, values)
            return None if value is None else {"N": str(len(next(iter(value.values()))))}

        return size
    steps = read_path(tokens)
    [first, *rest] = steps
    if rest or not isinstance(first, str):
        return lambda item, names, values: find(item, steps, names)
    if first.startswith("#"):
        return lambda item, names, values: item.get(names[first])
    return lambda item, names, values: item.get(first)


def read_path(tokens: Tokens) -> Sequence[str | int]:
    """Read a path: names and aliases, and the numbers of a list's elements."""
    name = tokens.take()
    if not re.match(r"#|[A-Za-z_]", name):
        raise refused(f'Invalid expression: Syntax error; token: "{name}"')
    steps: list[str | int] = [name]
    while tokens.peek() in (".", "["):
        if tokens.take() == ".":
            steps.append(tokens.take())
        else:
            steps.append(int(tokens.take()))
            tokens.take("]")
    return steps
