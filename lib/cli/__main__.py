"""`media`: upload, list, show, remove, and render without a stack."""

from __future__ import annotations

import logging
import sys

from botocore.exceptions import BotoCoreError, ClientError

from lib.cli.app import app
from lib.cli.arguments import CommandError, refuse_hidden_options
from lib.cli.printable import PrintableFormatter, printable_line, printable_lines
from lib.domain.errors import MediaError
from lib.presets import PresetsError
from lib.tools.emulator.environment import EmulatorError
from lib.tools.stack import StackError

EXPECTED = (
    CommandError,
    StackError,
    EmulatorError,
    MediaError,
    BotoCoreError,
    ClientError,
    OSError,
)
"""OSError: a folder that can't be written, a full disk."""


def main(arguments: list[str]) -> int:
    """Run the command; turn what can go wrong outside it into one line and exit code 2."""
    log = logging.StreamHandler()
    log.setFormatter(PrintableFormatter())
    logging.basicConfig(handlers=[log], level=logging.WARNING)
    try:
        refuse_hidden_options(arguments)
        app(arguments, prog_name="media")
    except EXPECTED as exc:
        print(f"media: {printable_line(exc)}", file=sys.stderr)
        return 2
    except PresetsError as exc:
        print(printable_lines(exc), file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
