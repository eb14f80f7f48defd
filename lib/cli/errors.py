"""What a person can put right."""

from __future__ import annotations

from collections.abc import Iterable

from lib.cli.visible import hides


class CommandError(Exception):
    """The command can't be carried out; the message is one line that says why."""


def refuse_hidden_options(arguments: Iterable[str]) -> None:
    """Raise CommandError for a file's name that would pass for an option and be printed as it is.

    A pattern of the shell, `*`, takes whatever names there are.
    """
    for each in arguments:
        if each.startswith("-") and any(map(hides, each.partition("=")[0])):
            raise CommandError(f"expected an option but received {each}; a file is ./{each}")
