"""What a person can put right."""

from __future__ import annotations


class CommandError(Exception):
    """The command can't be carried out; the message is one line that says why."""
