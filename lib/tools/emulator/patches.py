"""Mend what ministack 1.5.33 does in another way than AWS, but for S3 (`s3_patches.py`).

Runs in the emulator's own environment: ministack is not installed where the rest of the project is
imported, so each function imports what it mends.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
import threading
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any


def let_wildcards_match_newlines() -> None:
    """Have `bucket/*` be the resource of a key that holds a newline too.

    A key may hold one, and IAM's wildcards match it.
    """
    from ministack.core import iam_evaluator

    without = iam_evaluator._fnmatch_compile

    def compile_with(pattern: str, ignore_case: bool) -> re.Pattern[str]:
        compiled = without(pattern, ignore_case)
        return re.compile(compiled.pattern, compiled.flags | re.DOTALL)

    iam_evaluator._fnmatch_compile = compile_with


def read_cors_of_stacks() -> None:
    """Have the CORS of an API that CloudFormation made count: its names begin with capitals."""
    from ministack.services import apigateway

    share, preflight = apigateway._cors_response_headers, apigateway._cors_preflight_response
    apigateway._cors_response_headers = lambda cors, origin: share(read_cors(cors), origin)
    apigateway._cors_preflight_response = lambda cors, origin: preflight(read_cors(cors), origin)


def read_cors(cors: Mapping[str, Any]) -> dict[str, Any]:
    """Return an API's CORS configuration by the names that the API has for it."""
    return {name[:1].lower() + name[1:]: value for name, value in cors.items()}


SHA256_OF = bytes.fromhex("3031300d060960864801650304020105000420")
"""What stands before the hash in a signature: https://www.rfc-editor.org/rfc/rfc8017#page-47"""


def verify_tokens() -> None:
    """Verify what a JWT authorizer is shown; ministack wants `cryptography` for that.

    Functions would see that too, as everything in the emulator's environment. Verifying needs no
    secret: it is RSASSA-PKCS1-v1_5, https://www.rfc-editor.org/rfc/rfc8017#section-8.2.2
    """
    from ministack.services import apigateway

    def verify(token: str, key: dict[str, Any]) -> bool:
        signed, _, last = token.rpartition(".")
        decode = apigateway._b64url_decode
        try:
            header = json.loads(decode(signed.partition(".")[0]))
            signature, modulus, exponent = map(decode, (last, key["n"], key["e"]))
            n, e = int.from_bytes(modulus, "big"), int.from_bytes(exponent, "big")
            length = (n.bit_length() + 7) // 8
            opened = pow(int.from_bytes(signature, "big"), e, n).to_bytes(length, "big")
        except (KeyError, ValueError, TypeError, OverflowError):
            return False
        hashed = SHA256_OF + hashlib.sha256(signed.encode()).digest()
        expected = b"\0\1" + b"\xff" * (length - len(hashed) - 3) + b"\0" + hashed
        fits = len(signature) == length >= 256  # 2,048 bits, the least that is safe
        return bool(header.get("alg") == "RS256" and fits and opened == expected)

    apigateway._verify_rs256_signature = verify


def let_workers_finish() -> None:
    """Let a function's workers end what they do when its code changes, or one of them fails.

    Lambda starts new ones for the new code, and what runs goes on. ministack kills them all, those
    that are about to start too, and serves nobody until it has deleted their files.
    """
    from ministack.core import lambda_runtime
    from ministack.services import lambda_svc

    kill, release = lambda_runtime.kill_workers, lambda_runtime.release_worker
    invoke = lambda_runtime.Worker.invoke
    guard = threading.Lock()

    def kill_idle(workers: Iterable[Any]) -> None:
        with guard:
            found = [each for each in workers if each is not None]
            for each in found:
                each.retired = each.in_use
        idle = [each for each in found if not each.retired]
        threading.Thread(target=kill, args=(idle,), daemon=True).start()

    def release_or_kill(worker: Any) -> None:
        with guard:
            release(worker)
            retired = getattr(worker, "retired", False)
        if retired:
            kill([worker])

    def invoke_or_die(worker: Any, *arguments: Any, **named: Any) -> Any:
        try:
            return invoke(worker, *arguments, **named)
        except BaseException:  # who called forgets it, and invalidates all others
            kill([worker])
            raise

    lambda_runtime.kill_workers = kill_idle
    lambda_runtime.release_worker = lambda_svc.release_worker = release_or_kill
    lambda_runtime.Worker.invoke = invoke_or_die


def unzip_once() -> None:
    """Have the workers of all functions share what is unzipped: code and layers, by their bytes.

    Each new worker would unzip thousands of files, which takes longer than all else that it does
    first; what Python compiles of them is shared too. On AWS both are read-only.
    """
    from ministack.core import lambda_runtime

    lambda_runtime.zipfile = SimpleNamespace(ZipFile=_SharedZip, BadZipFile=zipfile.BadZipFile)


_UNZIPPING = threading.Lock()


class _SharedZip(zipfile.ZipFile):
    """Extracts all by making the target, an empty folder, a link to where that was done once."""

    def extractall(self, path: Any = None, members: Any = None, pwd: bytes | None = None) -> None:
        content = Path(str(self.filename)).read_bytes()
        folder = Path(tempfile.gettempdir()) / f"unzipped-{hashlib.sha256(content).hexdigest()}"
        with _UNZIPPING:
            if not folder.exists():
                new = Path(tempfile.mkdtemp(prefix="unzipping-"))
                super().extractall(new, members, pwd)
                new.rename(folder)
        shutil.rmtree(path)
        Path(path).symlink_to(folder)
