"""What dispatch looks at, records and publishes, and in which order."""

from __future__ import annotations

from tests.robustness.model.mutants.patch import Mutant

DISPATCH = "lib/application/dispatch.py"

RECORDINGS = (
    Mutant(
        "S3 is looked at once, not after each look at the entry",
        DISPATCH,
        "    for _ in range(MOST_LOOKS):\n"
        "        current = sources.find_current(bucket, key, HEAD_BYTES)\n",
        "    current = sources.find_current(bucket, key, HEAD_BYTES)\n"
        "    for _ in range(MOST_LOOKS):\n",
    ),
    Mutant(
        "a recording may have the name of an earlier one",
        DISPATCH,
        "event = replace(event, sequencer=next_sequencer(hint.sequencer, recorded))",
        "event = replace(event, sequencer=hint.sequencer)",
    ),
    Mutant(
        "a recording keeps the name of the one before",
        DISPATCH,
        "event = replace(event, sequencer=next_sequencer(hint.sequencer, recorded))",
        "event = replace(event, sequencer=recorded)",
    ),
    Mutant(
        "what is recorded but was not published stays so",
        DISPATCH,
        "return asset.status is AssetStatus.RECEIVED",
        "return False",
    ),
    Mutant(
        "what is recorded already is taken for current",
        DISPATCH,
        "return (stored.version_id, stored.etag) == (source.version_id, source.etag)",
        "return True",
    ),
    Mutant(
        "a tombstone is taken for what is current",
        DISPATCH,
        "return current is None and asset.status is AssetStatus.DELETED",
        "return True",
    ),
    Mutant(
        "who wrote over an entry does not look again",
        DISPATCH,
        "if seen is None or _is_same(current, sources.find_current(bucket, key, HEAD_BYTES)):",
        "if True:",
    ),
)
