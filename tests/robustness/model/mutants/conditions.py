"""Each condition of the fence, dropped or weakened: `lib/adapters/aws/dynamodb_conditions.py`."""

from __future__ import annotations

from tests.robustness.model.mutants.patch import Mutant

PATH = "lib/adapters/aws/dynamodb_conditions.py"


def _condition(name: str, old: str, new: str) -> Mutant:
    return Mutant(name, PATH, old, new)


CONDITIONS = (
    _condition(
        "a first recording goes over whatever is there",
        '"attribute_not_exists(#pk)"',
        '"attribute_not_exists(#pk) OR attribute_exists(#pk)"',
    ),
    _condition(
        "a recording goes over what changed since its writer looked",
        '"#sequencer = :after"',
        '"(#sequencer = :after OR #sequencer <> :after)"',
    ),
    _condition(
        "a claim takes an upload that is not the recorded one",
        'f"({SAME} AND #status = :waiting)"',
        '"(#status = :waiting)"',
    ),
    _condition(
        "a claim takes what is finished", 'f"({SAME} AND #status = :waiting)"', 'f"({SAME})"'
    ),
    _condition("a lease is never over", "#lease_expires_at <= :now", "#lease_expires_at > :now"),
    _condition("a claim takes what has failed for good", " AND #error.#permanent = :no)", ")"),
    _condition(
        "a claim takes what another upload has failed",
        'f"({SAME} AND #status = :failed AND',
        'f"(#status = :failed AND',
    ),
    _condition(
        "progress may go back",
        '"(attribute_not_exists(#progress) OR #progress < :progress)"',
        '"(attribute_not_exists(#progress) OR #progress <> :progress)"',
    ),
    _condition(
        "what failed for now is never claimed again",
        "#error.#permanent = :no",
        "#error.#permanent = :failed",
    ),
    _condition(
        "a resumed lease may be anybody's",
        "begins_with(#lease_token, :first) AND #lease_token < :resumed",
        "(#lease_token < :resumed OR #lease_token >= :resumed)",
    ),
    _condition(
        "a message resumes what it has resumed before",
        " AND #lease_token < :resumed)",
        " AND #lease_token <> :resumed)",
    ),
    _condition("a commit needs no lease", ' AND #lease_token = :held"', '"'),
    _condition(
        "a commit is for whichever upload is recorded, by whomever",
        'HELD = f"{SAME} AND #status = :working AND #lease_token = :held"',
        'HELD = "#status = :working"',
    ),
    _condition(
        "an execution takes an upload that is not the recorded one",
        'f"{SAME} AND #status IN (:waiting, :working)"',
        '"#status IN (:waiting, :working)"',
    ),
    _condition(
        "an earlier execution takes the upload back",
        "size(#execution) < :length",
        "size(#execution) <> :length",
    ),
    _condition(
        "no execution follows another",
        "OR size(#execution) < :length OR (size(#execution) = :length AND #execution < :execution",
        "OR (size(#execution) < :length AND size(#execution) > :length",
    ),
)
