"""`npm run chaos -- …`: break things by a seed, and tell what became of each upload."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tests.robustness.model import command


def main(argv: Sequence[str]) -> int:
    """Return 0 where every invariant held, 1 where one broke, 2 where nothing could be tried."""
    parser = argparse.ArgumentParser(
        prog="npm run chaos --",
        description="Break things by a seed, and tell whether each upload ended in its true state.",
    )
    parser.add_argument("--seed", type=int, default=1, help="what all chances are drawn from (1)")
    parser.add_argument("--seconds", type=float, help="end after so many")
    command.add_arguments(parser.add_argument_group("in the model, without a stage"))
    return command.run(parser.parse_args(argv))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
