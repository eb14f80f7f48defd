"""What a write changes beside its condition, and what is answered where it is refused."""

from __future__ import annotations

from tests.robustness.model.mutants.patch import Mutant

CATALOG = "lib/adapters/aws/dynamodb_catalog.py"
ITEMS = "lib/adapters/aws/dynamodb_items.py"
REFUSALS = "lib/adapters/aws/dynamodb_refusals.py"

ANSWERS = (
    Mutant("a tombstone keeps what is live", CATALOG, "{**NOTHING_LIVE, **tombstone}", "tombstone"),
    Mutant(
        "an execution takes what is finished",
        CATALOG,
        'f"{UNFINISHED} AND {UNTAKEN}"',
        '"#sequencer = :sequencer"',
    ),
    Mutant(
        "an execution takes what another has",
        CATALOG,
        'f"{UNFINISHED} AND {UNTAKEN}"',
        "UNFINISHED",
    ),
    Mutant(
        "a lease is over before its time",
        CATALOG,
        "        if not written and has_run_out(stored, sequencer, to_iso(now)):\n",
        '        if not written and stored and stored["status"] == AssetStatus.PROCESSING:\n'
        '            now, values = now + 1e6, {**values, "now": to_iso(now + 1e6)}\n',
    ),
    Mutant(
        "a killed worker is not counted",
        CATALOG,
        'abandoned += stored["lease_token"] != stored.get("execution")',
        "abandoned += 0",
    ),
    Mutant("a new recording inherits the killed workers", ITEMS, '        "abandoned",\n', ""),
    Mutant("a new recording inherits the failed tries", ITEMS, '        "failed_attempts",\n', ""),
    Mutant("a new recording inherits the execution", ITEMS, '        "execution",\n', ""),
    Mutant("a new recording inherits the error", ITEMS, '        "error",\n', ""),
    Mutant("a new recording inherits the tombstone's end", ITEMS, '        "expires_at",\n', ""),
    Mutant(
        "a lost reply to a claim is somebody else's lease",
        REFUSALS,
        'if stored.get("lease_token") == lease_token:',
        "if False:",
    ),
    Mutant(
        "a lost reply to a commit is a lost lease",
        REFUSALS,
        'if stored.get("committed_by") == lease_token:',
        'if stored.get("committed_by") is None:',
    ),
    Mutant(
        "an absent or another recording is to be worked on",
        REFUSALS,
        "return Claim(ClaimState.STALE)",
        "return Claim(ClaimState.CLAIMED, lease_token)",
    ),
    Mutant(
        "who lost its lease believes that it is superseded",
        REFUSALS,
        "return CommitState.LEASE_LOST",
        "return CommitState.SUPERSEDED",
    ),
)
