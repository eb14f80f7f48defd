"""Go through a whole stage again and again, and stop before much would be deleted."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Protocol

from lib.application.reconcile.findings import Ages, Finding
from lib.application.reconcile.mend import Mended, mend_all, mend_asset
from lib.application.reconcile.stores import Stores
from lib.application.reconcile.survey import FULL, QUICK, Phase, Position, survey
from lib.domain.clock import Deadline
from lib.domain.errors import TransientError

MARGIN_SECONDS = 120.0
"""Left to an invocation when the last step is begun: a step is a page, and what it mends."""

Tell = Callable[[Finding, str], None]
"""Takes a finding, and what became of it: `held`, or one of `Mended`."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What is wrong in a stage, and what its rounds do about it by themselves."""

    ages: Ages
    most_deletes: int
    """Assets of which a round may delete renditions unasked."""
    full_seconds: float
    """Between the starts of two rounds that look at every object."""


@dataclass(frozen=True, slots=True)
class Round:
    """How far a round is. `held` are the assets of which renditions would be deleted.

    One more than the limit is enough of them: more are not deleted, and not remembered.
    """

    full: bool = True
    full_at: float = 0.0
    """When the last full round was begun, epoch seconds."""
    position: Position | None = None
    """None between two rounds."""
    held: tuple[str, ...] = ()
    found: dict[str, int] = field(default_factory=dict)
    """How much, by kind."""

    @property
    def phases(self) -> tuple[Phase, ...]:
        """Return what the round looks at."""
        return FULL if self.full else QUICK

    def serialize(self) -> str:
        """Return it as JSON."""
        return json.dumps(
            {
                "full": self.full,
                "full_at": self.full_at,
                "position": str(self.position) if self.position else None,
                "held": self.held,
                "found": self.found,
            }
        )

    @classmethod
    def deserialize(cls, text: str | None) -> Round:
        """Read what `serialize` wrote; what can't be read is a new beginning."""
        try:
            values = json.loads(text or "{}")
            position = values.get("position")
            return cls(
                full=values["full"],
                full_at=values["full_at"],
                position=Position.parse(position) if position else None,
                held=tuple(values["held"]),
                found=values["found"],
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            return cls()


class Memory(Protocol):
    """What is remembered from one invocation to the next."""

    def read(self) -> str | None:
        """Return what was written last. Raises TransientError."""
        ...

    def write(self, text: str) -> None:
        """Remember a text. Raises TransientError."""
        ...


@dataclass(frozen=True, slots=True)
class Worked:
    """What an invocation did. `held`: assets of which the round would not delete renditions."""

    looked: int
    mended: int
    round: Round
    held: int = 0

    @property
    def complete(self) -> bool:
        """Tell whether the round has come to its end."""
        return self.round.position is None


def work(stores: Stores, rules: Rules, memory: Memory, deadline: Deadline, tell: Tell) -> Worked:
    """Go on with the round that was begun, or begin one, until it is complete or time is short.

    What deletes is done at the end, and only if it is no more than the limit. Raises
    TransientError; what was done until then is remembered.
    """
    now = stores.clock()
    current = Round.deserialize(memory.read())
    if current.position is None:
        full = now - current.full_at >= rules.full_seconds
        full_at = now if full else current.full_at
        current = Round(full=full, full_at=full_at, position=Position())
    looked = mended = 0
    while current.position and deadline() > MARGIN_SECONDS:
        step = survey(current.position, stores, rules.ages, current.phases)
        looked += step.looked
        deleting = [each for each in step.findings if each.kind.deletes]
        others = [each for each in step.findings if not each.kind.deletes]
        for finding, done in zip(others, mend_all(others, stores, rules.ages), strict=True):
            mended += done is Mended.MENDED
            tell(finding, done)
        for finding in deleting:
            tell(finding, "held")
        current = replace(
            current,
            position=step.position,
            held=_hold(current.held, deleting, rules.most_deletes),
            found=dict(Counter(current.found) + Counter(each.kind for each in step.findings)),
        )
        memory.write(current.serialize())
    if current.position or not current.held:
        return Worked(looked, mended, current)
    if len(current.held) > rules.most_deletes:
        return Worked(looked, mended, current, held=len(current.held))
    for identity in current.held:
        if deadline() <= MARGIN_SECONDS:
            break  # the next round finds the others again
        with suppress(TransientError):  # the next round finds it again
            mended += mend_asset(identity, stores, rules.ages)
    memory.write(replace(current, held=()).serialize())
    return Worked(looked, mended, current)


def _hold(held: Iterable[str], findings: Iterable[Finding], limit: int) -> tuple[str, ...]:
    """Return the assets to delete of, each once; one more than the limit at the most."""
    every = dict.fromkeys((*held, *(each.asset_id for each in findings)))
    return tuple(every)[: limit + 1]
