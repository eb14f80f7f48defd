"""`npm run demo`: the whole pipeline on this machine, from an empty emulator to a table."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from lib.aws.catalog import DynamoCatalog
from lib.aws.clients import client
from lib.cli.errors import CommandError
from lib.cli.results import failed_expectations, load_expected, result_table, save_renditions
from lib.cli.upload import name_keys, send
from lib.cli.watch import Followed, follow
from lib.errors import MediaError
from lib.local import emulator
from lib.local.emulator import Emulator
from lib.local.stack import LOCAL, Stack, StackError, use_stage

SAMPLES = emulator.ROOT / "tests/media"
RENDITIONS = emulator.FOLDER / "renditions"
PATIENCE_SECONDS = 330
"""Without any change: more than processVideo's time-out, so that a killed worker is seen."""

console = Console()


def demo(
    files: Annotated[
        list[Path] | None, typer.Argument(help="What to upload.  [default: the samples]")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the emulator running.")] = False,
    stop: Annotated[bool, typer.Option("--stop", help="Stop what --keep left running.")] = False,
    port: Annotated[int, typer.Option(min=1, max=65535, help="The emulator's port.")] = (
        emulator.PORT
    ),
) -> None:
    """Start the emulator, deploy the stage `local`, upload FILES, show what becomes of them."""
    if stop:
        _stop()
        return
    expected = {} if files else load_expected(SAMPLES)
    keyed = name_keys(files or [SAMPLES / name for name in expected])
    with _emulator(port, keep) as running:
        stack = _deploy(running)
        followed = _upload(keyed, stack)
        with _step("fetching the renditions"):
            save_renditions(followed, client("s3"), stack.renditions, RENDITIONS)
        console.print("", result_table(followed), "", sep="\n")
        console.print(f"The renditions are in {_shown(RENDITIONS)}/", soft_wrap=True)
        if keep:
            running.keep()
            _explain_keeping(running, stack)
    problems = failed_expectations(followed, expected)
    for problem in problems:
        console.print(f"[red]✗[/red] {escape(problem)}", soft_wrap=True)
    if problems:
        raise typer.Exit(1)


@contextmanager
def _emulator(port: int, keep: bool) -> Iterator[Emulator]:
    """Yield the emulator that was kept, or one that ends with this block unless it is kept."""
    if kept := emulator.find():
        console.print(f"using the emulator that runs at {kept.endpoint}")
        yield kept
        return
    with _step("starting the emulator"):
        running = emulator.start(port)
    try:
        yield running
    except BaseException:
        running.stop()
        raise
    if not keep:
        running.stop()


def _deploy(running: Emulator) -> Stack:
    with console.status("") as status:

        def say(line: str) -> None:
            status.update(f"sls deploy --stage {LOCAL}  [dim]{escape(line)}[/dim]")

        say("")
        started = time.monotonic()
        running.deploy(LOCAL, say)
    _done(f"sls deploy --stage {LOCAL}", started)
    return use_stage(LOCAL)


def _upload(keyed: dict[str, Path], stack: Stack) -> list[Followed]:
    catalog = DynamoCatalog(client("dynamodb"), stack.catalog)
    started = time.monotonic()
    uploads = send(keyed, client("s3"), stack.uploads, catalog, console)
    _done(f"uploading {len(uploads)} file{'s' * (len(uploads) != 1)}", started)
    started = time.monotonic()
    followed = follow(uploads, catalog, console, PATIENCE_SECONDS)
    _done("processing", started)
    return followed


def _stop() -> None:
    kept = emulator.find()
    if kept:
        kept.stop()
    console.print(f"stopped the emulator at {kept.endpoint}" if kept else "no emulator is running")


def _explain_keeping(running: Emulator, stack: Stack) -> None:
    wanted = ("ENDPOINT_URL", "ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "DEFAULT_REGION")
    settings = " ".join(f"AWS_{name}={running.environment[f'AWS_{name}']}" for name in wanted)
    lines = f"""
The emulator stays at {running.endpoint}; its log is {_shown(running.log)}
Uploads bucket: {stack.uploads}
  npm run -s media -- upload FILE --stage {LOCAL} --watch
  npm run -s media -- ls --stage {LOCAL}
  npm run -s sls -- logs --function processImage --stage {LOCAL}
  npm run -s sls -- invoke --function dispatch --stage {LOCAL} --path tests/events/test-event.json
With other tools:
  export {settings}
  aws s3 cp FILE s3://{stack.uploads}/
Stop it:
  npm run demo -- --stop"""
    console.print(lines, markup=False, highlight=False, soft_wrap=True)


@contextmanager
def _step(name: str) -> Iterator[None]:
    started = time.monotonic()
    with console.status(name):
        yield
    _done(name, started)


def _done(name: str, started: float) -> None:
    console.print(f"[green]✓[/green] {name}  [dim]{time.monotonic() - started:.1f} s[/dim]")


def _shown(path: Path) -> str:
    """Return a path as short as it can be typed."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def main() -> int:
    """Run the demo; what stands in its way is said without a traceback, with exit code 2."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(demo)
    try:
        app(prog_name="npm run demo --")
    except (CommandError, MediaError, StackError, emulator.EmulatorError) as exc:
        Console(stderr=True).print(f"demo: {exc}", markup=False, highlight=False, soft_wrap=True)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
