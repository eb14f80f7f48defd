"""What a command is given: files, keys, options; refused where a person can put it right."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from lib.domain.characters import is_hidden
from lib.domain.clock import DAY_SECONDS


class CommandError(Exception):
    """The command can't be carried out; the message is one line that says why."""


def refuse_hidden_options(arguments: Iterable[str]) -> None:
    """Raise CommandError for a file's name that would pass for an option and be printed as it is.

    A pattern of the shell, `*`, takes whatever names there are.
    """
    for each in arguments:
        if each.startswith("-") and any(map(is_hidden, each.partition("=")[0])):
            raise CommandError(f"expected an option but received {each}; a file is ./{each}")


def name_keys(files: Sequence[Path], prefix: str = "") -> dict[str, Path]:
    """Return each file by its key. Raises CommandError for what can't be uploaded."""
    keyed: dict[str, Path] = {}
    for path in files:
        if not path.is_file():
            problem = "is a folder" if path.is_dir() else "is not there"
            raise CommandError(f"{path} {problem}")
        key = f"{prefix.strip('/')}/{path.name}".lstrip("/")
        require_unicode(key)
        if key in keyed:
            raise CommandError(f"{keyed[key]} and {path} would both become {key}")
        keyed[key] = path
    return keyed


def require_unicode(key: str) -> None:
    """Raise CommandError for a key that S3 can't hold: a name with bytes that are not UTF-8."""
    try:
        key.encode()
    except UnicodeEncodeError as exc:
        raise CommandError(f"expected UTF-8 in a key but received {key}: rename it") from exc


AGE = re.compile(r"(\d+)([smhd])")
AGE_SECONDS = {"s": 1, "m": 60, "h": 60 * 60, "d": DAY_SECONDS}


def parse_moment(text: str, now: float) -> float:
    """Return the epoch seconds of a time, or of so long ago: `2h`, `3d`, `2026-01-31T12:00`.

    A time that names no zone is UTC. Raises CommandError.
    """
    if age := AGE.fullmatch(text):
        return now - int(age[1]) * AGE_SECONDS[age[2]]
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as exc:
        expected = "2h, 3d, or a time as 2026-01-31T12:00"
        raise CommandError(f"expected {expected}, but received {text}") from exc
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
