"""One row of the scorecard: what is asked for, of which source, and what has to come out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lib.domain.errors import ErrorCode
from tests.conformance.scorecard.judges import Check

Options = Mapping[str, object]
FINE = {"avif": 90, "webp": 95, "jpeg": 95}


@dataclass(frozen=True, slots=True)
class Case:
    """One row: the first rendition of `source` under the default preset with `preset` changed.

    It is the largest; or the `last`, the smallest, which is made from others.
    `wanted` judges the rendition's bytes, or is the code with which the source is refused. `peer`
    is what sharp is asked for, None where it has no option for it. `facts` are of the probe.
    """

    name: str
    source: bytes
    wanted: Check | ErrorCode
    preset: Options = field(default_factory=dict)
    peer: Options | None = field(default_factory=dict)
    last: bool = False
    facts: Options = field(default_factory=dict)
