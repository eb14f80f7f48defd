"""Run the emulator so that it notes what IAM decides about roles, for `tests/e2e/grants.py`.

Each (role, action, resource, allowed) is one line of JSON, once, in the emulator's folder. Besides,
an object that is not there is a 404 only to who may list its bucket, and a 403 to others, as S3 has
it.

Standard library only, and ministack: this runs in the emulator's own environment.
"""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

DECISIONS = "iam-decisions.jsonl"
SERVER = Path(__file__).resolve().parents[2] / "lib/tools/emulator/server.py"


def note_decisions(path: Path) -> None:
    """Append each decision about an assumed role that was not met before."""
    from ministack.core import iam_evaluator, responses

    enforce = iam_evaluator.enforce
    known: set[tuple[str, str, str, bool]] = set()

    def noting(key: str, action: str, service: str, region: str, **asked: Any) -> Any:
        denied = enforce(key, action, service, region, **asked)
        principal = iam_evaluator.resolve_principal(key or "", responses.get_account_id())
        if getattr(principal, "type", "") == "AssumedRole":
            role = principal.arn.split(":assumed-role/")[1].split("/")[0]
            decision = (role, action, asked.get("resource_arn", "*"), not denied)
            if decision not in known:
                known.add(decision)
                with path.open("a") as file:
                    file.write(json.dumps(decision) + "\n")
        return denied

    iam_evaluator.enforce = noting


def ask_who_may_list() -> None:
    """Answer 403 in place of 404 where the caller may not list the bucket."""
    from ministack.core import iam_evaluator, router
    from ministack.services import s3

    def asking(answer: Any) -> Any:
        def read(bucket: str, key: str, headers: Any = None, query: Any = None) -> Any:
            answered = answer(bucket, key, headers, query)
            if answered[0] != 404:
                return answered
            denied = iam_evaluator.enforce(
                router.extract_access_key_id(headers or {}, query or {}),
                "s3:ListBucket",
                "s3",
                router.extract_region(headers or {}),
                resource_arn=f"arn:aws:s3:::{bucket}",
            )
            return s3._error("AccessDenied", "Access Denied", 403) if denied else answered

        return read

    s3._get_object = asking(s3._get_object)
    s3._head_object = asking(s3._head_object)


def main() -> None:
    """Run server.py, and put this in between when that has prepared ministack and runs it."""
    run_module = runpy.run_module

    def run(mod_name: str, *arguments: Any, **options: Any) -> dict[str, Any]:
        note_decisions(Path(DECISIONS).resolve())
        ask_who_may_list()
        return run_module(mod_name, *arguments, **options)

    runpy.run_module = run
    runpy.run_path(str(SERVER), run_name="__main__")


if __name__ == "__main__":
    main()
