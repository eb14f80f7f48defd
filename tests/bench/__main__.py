"""`npm run bench -- BENCH [--json]`: measure, and print every number beside its target."""

from __future__ import annotations

import argparse
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence

from rich.console import Console

from layers.build import BuildError
from lib.tools.emulator.environment import EmulatorError
from tests.bench import api, coldstart, crop, image, pipeline, quality, sandbox, video
from tests.bench.report import BenchError, Result, describe_machine, to_json, to_table

Run = Callable[[], Iterator[Result]]

BENCHES: Mapping[str, Run] = {
    "api": api.run,
    "coldstart": coldstart.run,
    "crop": crop.run,
    "image": image.run,
    "pipeline": pipeline.run,
    "quality": quality.run,
    "sandbox": sandbox.run,
    "video": video.run,
}


def main(argv: Sequence[str], benches: Mapping[str, Run] = BENCHES) -> int:
    """Return 0 where everything was measured, whether or not it met its target; else 2."""
    arguments = _parser(benches).parse_args(argv)
    run = benches[arguments.bench]
    machine = describe_machine()
    progress = Console(stderr=True)
    results: list[Result] = []
    try:
        with progress.status(arguments.bench) as status:
            for result in run():
                results.append(result)
                status.update(f"{arguments.bench}: after {result.name}")
    except (BenchError, BuildError, EmulatorError) as exc:
        progress.print(f"bench: {exc}", markup=False, highlight=False, soft_wrap=True)
        return 2
    console = Console()
    console.print(to_table(arguments.bench, results))
    for text in (", ".join(f"{name} {value}" for name, value in machine.items()), _legend(run)):
        console.print(f"\n{text}", style="dim", markup=False, highlight=False, soft_wrap=True)
    if arguments.json:
        print(to_json(arguments.bench, machine, results))
    return 0


def _parser(benches: Mapping[str, Run]) -> argparse.ArgumentParser:
    described = (f"{name}: {_legend(run).splitlines()[0]}" for name, run in benches.items())
    parser = argparse.ArgumentParser(
        prog="npm run bench --",
        description="Measure, and print every number beside its target, with peers and limits.",
        epilog="\n".join(described),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("bench", choices=benches, help="what to measure")
    parser.add_argument(
        "--json", action="store_true", help="make the last line of the output one JSON object"
    )
    return parser


def _legend(run: Run) -> str:
    return inspect.getdoc(run) or ""


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
