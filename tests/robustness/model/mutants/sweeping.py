"""What is deleted, and what is never."""

from __future__ import annotations

from tests.robustness.model.mutants.patch import Mutant

SWEEP = "lib/application/sweep.py"

SWEEPING = (
    Mutant(
        "who is superseded deletes what is live",
        SWEEP,
        "renditions.delete(key for key in written if not is_live(key, asset))",
        "renditions.delete(key for key in written)",
    ),
    Mutant(
        "what is still to finish is deleted",
        SWEEP,
        "if asset is None or prefix == pending_prefix(asset):",
        "if asset is None:",
    ),
    Mutant(
        "segments are not live",
        SWEEP,
        'part = key.startswith(rendition.key.rpartition("/")[0] + "/")',
        "part = False",
    ),
    Mutant(
        "a storyboard's sheets are not live",
        SWEEP,
        'part = key.startswith(f"{stem}-") and key.endswith(".jpg")',
        "part = False",
    ),
    Mutant(
        "the live manifest is not live",
        SWEEP,
        "return key == asset.manifest_key or any(",
        "return any(",
    ),
    Mutant(
        "sweep deletes what the entry refers to still",
        SWEEP,
        "in referred_prefixes(change.old) - referred_prefixes(change.new)",
        "in referred_prefixes(change.old)",
    ),
    Mutant(
        "sweep deletes nothing",
        SWEEP,
        "return sum(renditions.delete_below(prefix) for prefix in sorted(dropped))",
        "return len(dropped)",
    ),
    Mutant(
        "what is live is not referred to",
        SWEEP,
        "live = prefix_of(asset.manifest_key) if asset.manifest_key else None",
        "live = None",
    ),
    Mutant(
        "sweep stops executions that are not superseded",
        SWEEP,
        "superseded = old and new and new.sequencer != old.sequencer",
        "superseded = old and new",
    ),
)
