"""Read which formats of images an `Accept` header asks for.

Wildcards promise nothing: browsers sent `*/*` with every image long before they knew AVIF.
`resources/normalize_request.js` does the same at the edge, and one test holds both to one table.
"""

from __future__ import annotations

from lib.domain.manifest import MOST_KNOWN_FIRST


def understood(accept: str) -> tuple[str, ...]:
    """Return the MIME types that may be sent beside the most known one, the best first.

    Whoever names a format knows those that are older. One is not wanted if an older one is
    preferred to it by its `q`.
    """
    named = _named(accept)
    known: list[str] = []
    highest = named.get(MOST_KNOWN_FIRST[0], 0.0)
    for mime in MOST_KNOWN_FIRST[1:]:
        weight = named.get(mime, 0.0)
        if weight > 0 and weight >= highest:
            known = [each for each in MOST_KNOWN_FIRST[1:] if _at_most(each, mime)]
            highest = weight
    return tuple(reversed(known))


def _at_most(mime: str, newest: str) -> bool:
    return MOST_KNOWN_FIRST.index(mime) <= MOST_KNOWN_FIRST.index(newest)


def _named(accept: str) -> dict[str, float]:
    """Return the weights of the types that are named; one that can't be read is 0."""
    weights: dict[str, float] = {}
    for each in accept.lower().split(","):
        mime, *parameters = (part.strip() for part in each.split(";"))
        weight = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                weight = _weight(value.strip())
        weights[mime] = max(weight, weights.get(mime, 0.0))
    return weights


def _weight(value: str) -> float:
    """Return a `q`, 0 to 1."""
    digits = value.replace(".", "", 1)
    if not (digits.isascii() and digits.isdigit()) or not value[0].isdigit():
        return 0.0
    return min(float(value), 1.0)
