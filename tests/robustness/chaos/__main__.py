"""`npm run chaos -- …`: break things by a seed, and tell what became of each upload."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tests.robustness.chaos import stage
from tests.robustness.model import command


def main(argv: Sequence[str]) -> int:
    """Return 0 where every invariant held, 1 where one broke, 2 where nothing could be tried."""
    parser = argparse.ArgumentParser(
        prog="npm run chaos --",
        description="Break things by a seed, and tell whether each upload ended in its true state.",
    )
    parser.add_argument("--seed", type=int, default=1, help="what all chances are drawn from (1)")
    parser.add_argument(
        "--seconds", type=float, help="end after so many; on the stage: spread the load"
    )
    parser.add_argument("--json", action="store_true", help="end the output with one JSON object")
    command.add_arguments(parser.add_argument_group("in the model, without a stage"))
    stage.add_arguments(parser.add_argument_group("on the real local stage"))
    arguments = parser.parse_args(argv)
    return stage.run(arguments) if arguments.stage else command.run(arguments)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
