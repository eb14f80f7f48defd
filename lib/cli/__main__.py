"""`media`: upload, list, show, remove, and render without a stack."""

from __future__ import annotations

import sys

from botocore.exceptions import BotoCoreError, ClientError

from lib.cli.app import app
from lib.cli.errors import CommandError
from lib.errors import MediaError
from lib.local.emulator import EmulatorError
from lib.local.stack import StackError
from lib.presets import PresetsError

EXPECTED = (CommandError, StackError, EmulatorError, MediaError, BotoCoreError, ClientError)


def main(arguments: list[str]) -> int:
    """Run the command; turn what can go wrong outside it into one line and exit code 2."""
    try:
        app(arguments, prog_name="media")
    except EXPECTED as exc:
        print(f"media: {' '.join(str(exc).split())}", file=sys.stderr)
        return 2
    except PresetsError as exc:
        print(exc, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
