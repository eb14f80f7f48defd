"""Run `sls`, with the emulator in place of AWS for the stage `local` and for `sls package`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from botocore.exceptions import BotoCoreError
from botocore.session import Session

from lib.tools import ROOT
from lib.tools.emulator import lifecycle
from lib.tools.emulator.environment import EmulatorError

FOLDER = lifecycle.FOLDER / "package"
"""State and log of the emulator that lives as long as one `sls package`."""

WITHOUT_AWS = frozenset({"package", "print"})
"""They change nothing on AWS, but ask for the account and for the last deploy's layers."""

WITH_AWS = frozenset({"deploy", "info", "invoke", "logs", "metrics", "remove", "rollback"})
HELP = frozenset({"--help", "-h", "help"})
REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")
DEFAULT_STAGE = "dev"  # provider.stage of serverless.yml
CREDENTIALS = re.compile(r"^\s*(export\s+)?AWS_(PROFILE|ACCESS_KEY_ID)\s*=", re.MULTILINE)


def main(arguments: Sequence[str]) -> int:
    """Run `sls ARGUMENTS`, with this environment's Python first for `sls invoke local`.

    Returns its exit code where it has not become it, or 2 where something stands in its way.
    """
    if _stage(arguments) == "local":
        running = lifecycle.find()
        if running is None:
            return _refuse("no emulator is running: npm run demo -- --keep starts one")
        _become(arguments, running.environment)
    command = next((each for each in arguments if not each.startswith("-")), "")
    has_credentials = _has_credentials() or _are_credentials_in_file(arguments)
    if HELP & set(arguments) or command not in WITHOUT_AWS | WITH_AWS or has_credentials:
        _become(arguments, dict(os.environ))
    if command in WITH_AWS:
        return _refuse(
            "no AWS credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )
    print(
        "no AWS credentials: the emulator stands in, so the account in names is 000000000000; "
        "to look at, not to deploy",
        file=sys.stderr,
    )
    try:
        FOLDER.mkdir(parents=True, exist_ok=True)
        with lifecycle.running(None, FOLDER) as running:
            # Not the emulator's region, for a template that is right but for the account.
            asked = {name: os.environ[name] for name in REGIONS if name in os.environ}
            return _run(arguments, running.environment | asked)
    except (EmulatorError, OSError) as exc:  # a read-only folder, say
        return _refuse(str(exc))
    except KeyboardInterrupt:  # the terminal told `sls` too
        return 130


def _become(arguments: Sequence[str], environment: dict[str, str]) -> NoReturn:
    os.execve(lifecycle.SLS, [str(lifecycle.SLS), *arguments], _with_our_python(environment))  # noqa: S606


def _run(arguments: Sequence[str], environment: dict[str, str]) -> int:
    command = [str(lifecycle.SLS), *arguments]
    return subprocess.run(command, env=_with_our_python(environment), check=False).returncode


def _with_our_python(environment: dict[str, str]) -> dict[str, str]:
    path = os.pathsep.join((str(Path(sys.executable).parent), environment["PATH"]))
    # sls prints several lines about Node 20 each time.
    quiet = {"AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED": "true"}
    return environment | quiet | {"PATH": path}


def _has_credentials() -> bool:
    try:
        return Session().get_credentials() is not None
    except BotoCoreError:  # a profile that is not there, say, of which sls tells more
        return True


def _are_credentials_in_file(arguments: Sequence[str]) -> bool:
    """Tell whether the `.env` that sls reads by itself says whose AWS it is for."""
    stage = _stage(arguments) or DEFAULT_STAGE
    files = (ROOT / f".env.{stage}", ROOT / ".env")
    found = next((each.read_text("utf-8") for each in files if each.is_file()), "")
    return CREDENTIALS.search(found) is not None


def _stage(arguments: Sequence[str]) -> str | None:
    for name, value in zip(arguments, [*arguments[1:], ""], strict=False):
        if name in ("--stage", "-s"):
            return value
        if name.startswith("--stage="):
            return name.partition("=")[2]
    return None


def _refuse(problem: str) -> int:
    print(f"sls: {problem}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
