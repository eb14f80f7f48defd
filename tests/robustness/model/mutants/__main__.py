"""`python -m tests.robustness.model.mutants`: look for a schedule that finds each mutant.

Its name is kept in found.json, so that the test needs one schedule for most mutants. To be run
again where the test says that a mutant is not found any more.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import time
from collections.abc import Sequence
from functools import partial
from itertools import chain

from tests.robustness.model.mutants.found import FOUND_FILE, find, read_found, some
from tests.robustness.model.mutants.patch import Mutant
from tests.robustness.model.mutants.table import MUTANTS


def search(count: int, mutant: Mutant) -> tuple[str, str | None, str]:
    """Return the first schedule that finds a mutant, and what it breaks."""
    started = time.monotonic()
    known = read_found().get(mutant.name)
    try:
        found = find(mutant, chain([known] if known else [], some(count)))
    except LookupError as exc:
        return mutant.name, None, str(exc)
    took = f"{time.monotonic() - started:.1f} s"
    if found is None:
        return mutant.name, None, f"not found, {took}"
    return mutant.name, found[0], f"{found[1]}, {took}"


def main(argv: Sequence[str]) -> int:
    """Return 0 where each mutant was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.robustness.model.mutants")
    parser.add_argument("--schedules", type=int, default=2000, help="of each kind, at most")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--only", default="", help="mutants whose name has this in it")
    parser.add_argument("--write", action="store_true", help="keep what was found")
    given = parser.parse_args(argv)
    kept, missing = read_found(), 0
    chosen = [each for each in MUTANTS if given.only in each.name]
    with multiprocessing.Pool(given.processes) as pool:
        for name, found, said in pool.imap_unordered(partial(search, given.schedules), chosen):
            print(f"{found or '-':>12}  {name}: {said}", flush=True)
            missing += found is None
            if found is not None:
                kept[name] = found
    if given.write:
        known = {each.name for each in MUTANTS}
        kept = {name: found for name, found in sorted(kept.items()) if name in known}
        FOUND_FILE.write_text(json.dumps(kept, indent=0) + "\n")
    print(f"{len(chosen) - missing} of {len(chosen)} mutants are found")
    return 1 if missing else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
