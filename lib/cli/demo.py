"""`npm run demo`: the whole pipeline on this machine, from an empty emulator to a table."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from lib.adapters.aws.clients import client
from lib.adapters.aws.dynamodb_catalog import DynamoCatalog
from lib.cli.arguments import CommandError, name_keys, refuse_hidden_options
from lib.cli.demo_results import failed_expectations, load_expected, result_table, save_renditions
from lib.cli.printable import as_markup, printable_lines
from lib.cli.upload import Destination, send
from lib.cli.watch import Followed, follow
from lib.domain.errors import MediaError
from lib.tools import ROOT
from lib.tools.emulator import lifecycle
from lib.tools.emulator.environment import EmulatorError
from lib.tools.emulator.lifecycle import Emulator
from lib.tools.stack import LOCAL, Stack, StackError, use_stage

SAMPLES = ROOT / "tests/media"
RENDITIONS = lifecycle.FOLDER / "renditions"
PATIENCE_SECONDS = 330
"""Without any change: more than processVideo's time-out, so that a killed worker is seen."""

FOR_OTHER_TOOLS = (
    "AWS_ENDPOINT_URL",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "NO_PROXY",
)
HELP = {"help_option_names": ["-h", "--help"]}
EXAMPLES = """Examples:

  npm run demo                                 the samples, about a minute

  npm run demo -- ~/Pictures/a.heic clip.mov   your own files

  npm run demo -- --keep                       leave it running

  npm run demo -- --stop                       stop what --keep left running"""

console = Console(emoji=False, highlight=False)


def demo(
    files: Annotated[
        list[Path] | None, typer.Argument(help="What to upload; without it the samples.")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the emulator running.")] = False,
    stop: Annotated[bool, typer.Option("--stop", help="Stop what --keep left running.")] = False,
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help=f"The emulator's port; without it {lifecycle.PORT}."),
    ] = None,
) -> None:
    """Start the emulator, deploy the stage `local`, upload FILES, show what becomes of them."""
    if stop:
        if keep or files:
            raise CommandError("--stop goes alone: it ends what --keep left running")
        _stop()
        return
    expected = {} if files else load_expected(SAMPLES)
    keyed = name_keys(files or [SAMPLES / name for name in expected])
    with _emulator(port, keep) as running:
        stack = _deploy(running)
        followed = _upload(keyed, stack)
        with _step("fetching the renditions"):
            save_renditions(followed, client("s3"), stack.renditions, RENDITIONS)
        console.print("", result_table(followed), "", sep="\n", soft_wrap=True)
        console.print(f"The renditions are in {_shown(RENDITIONS)}/", soft_wrap=True)
        if keep:
            running.keep()
            _explain_keeping(running, stack)
    problems = failed_expectations(followed, expected)
    for problem in problems:
        console.print(f"[red]✗[/red] {as_markup(problem)}", soft_wrap=True)
    if problems:
        raise typer.Exit(1)


@contextmanager
def _emulator(port: int | None, keep: bool) -> Iterator[Emulator]:
    """Yield the emulator that was kept, or one that ends with this block unless it is kept.

    That of another demo would end in the middle of this one: `start` refuses.
    """
    found = lifecycle.find()
    if found and found.state.kept:
        _refuse_other_port(found, port)
        console.print(f"using the emulator that runs at {found.endpoint}")
        yield found
        return
    with _step("starting the emulator"):
        running = lifecycle.start(port or lifecycle.PORT)
    try:
        yield running
    except BaseException:
        running.stop()
        raise
    if not keep:
        running.stop()


def _refuse_other_port(kept: Emulator, port: int | None) -> None:
    """Raise CommandError where a port is asked for that the kept emulator does not listen on."""
    if port not in (None, kept.port):
        raise CommandError(
            f"the local stage is kept on port {kept.port}, not on {port}: leave --port out to use "
            f"it, or end it first with npm run demo -- --stop"
        )


def _deploy(running: Emulator) -> Stack:
    with console.status("") as status:

        def show(line: str) -> None:
            status.update(f"sls deploy --stage {LOCAL}  [dim]{as_markup(line)}[/dim]")

        show("")
        started = time.monotonic()
        running.deploy(LOCAL, show)
    _done(f"sls deploy --stage {LOCAL}", started)
    return use_stage(LOCAL)


def _upload(keyed: dict[str, Path], stack: Stack) -> list[Followed]:
    catalog = DynamoCatalog(client("dynamodb"), stack.catalog)
    started = time.monotonic()
    uploads = send(keyed, Destination(client("s3"), stack.uploads, catalog), console)
    _done(f"uploading {len(uploads)} file{'s' * (len(uploads) != 1)}", started)
    started = time.monotonic()
    followed = follow(uploads, catalog, console, PATIENCE_SECONDS)
    _done("processing", started)
    return followed


def _stop() -> None:
    kept = lifecycle.find()
    if kept:
        kept.stop()
    console.print(f"stopped the emulator at {kept.endpoint}" if kept else "no emulator is running")


def _explain_keeping(running: Emulator, stack: Stack) -> None:
    environment = running.environment
    settings = " ".join(f"{name}={shlex.quote(environment[name])}" for name in FOR_OTHER_TOOLS)
    lines = f"""
The emulator stays at {running.endpoint}; its log is {_shown(running.log)}
Uploads bucket: {stack.uploads}
  npm run -s media -- upload FILE --stage {LOCAL} --watch
  npm run -s media -- ls --stage {LOCAL}
  npm run -s sls -- logs --function processImage --stage {LOCAL}
  npm run -s sls -- invoke --function dispatch --stage {LOCAL} --path tests/events/test-event.json
With other tools, in a shell of yours (they are for this start of the emulator, and secret):
  export {settings}
  aws s3 cp FILE s3://{stack.uploads}/
Stop it:
  npm run demo -- --stop
The gallery, to see all this and to drop files of yours on:
  {stack.output("GalleryUrl")}"""
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
    app.command(context_settings=HELP, epilog=EXAMPLES)(demo)
    try:
        refuse_hidden_options(sys.argv[1:])
        app(prog_name="npm run demo --")
    except (CommandError, MediaError, StackError, EmulatorError, OSError) as exc:
        said = f"demo: {printable_lines(exc)}"
        Console(stderr=True, emoji=False).print(said, markup=False, highlight=False, soft_wrap=True)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
