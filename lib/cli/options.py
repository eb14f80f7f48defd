"""What the commands share: options, the console, and how a help text shows examples."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

console = Console(emoji=False, highlight=False)

Stage = Annotated[
    str, typer.Option("--stage", "-s", help="The stage: local, dev, prod, …", show_default=False)
]
Region = Annotated[
    str | None, typer.Option(help="The AWS region; without it AWS_REGION, else us-east-1.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")]


def examples(*commands: str) -> str:
    """Return what stands below a command's options: a line for each example."""
    return "\n\n".join(("Examples:", *(f"  npm run -s media -- {each}" for each in commands)))
