"""Check the files that are named, and print every problem."""

import sys
from pathlib import Path

from lib.presets.loader import PresetsError, load


def main(names: list[str]) -> int:
    """Return the exit code: 1 where a file is wrong."""
    problems: list[str] = []
    for name in names:
        try:
            load(Path(name))
        except PresetsError as exc:
            problems += exc.problems
    print("\n".join(problems), file=sys.stderr, end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
