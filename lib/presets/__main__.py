"""Check the files that are named, and print every problem; or print what one of them makes."""

import json
import sys
from pathlib import Path

from lib.presets.loader import PresetsError, load

WIDTHS = "--widths"
"""Print the widths that any preset of a file makes images in, as JSON, ascending."""


def main(arguments: list[str]) -> int:
    """Return the exit code: 1 where a file is wrong."""
    problems: list[str] = []
    for name in arguments:
        if name == WIDTHS:
            continue
        try:
            presets = load(Path(name))
        except PresetsError as exc:
            problems += exc.problems
            continue
        if WIDTHS in arguments:
            print(json.dumps(presets.image_widths))
    print("\n".join(problems), file=sys.stderr, end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
