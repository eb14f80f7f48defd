"""The shell commands of docs/operations.md: they parse, and say so where a queue is empty."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs/operations.md").read_text()
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
AWS = """#!/bin/sh
case "$*" in
  *receive-message*) cat "$ANSWER";;
  *) echo http://127.0.0.1/queue;;
esac
"""


def block_with(text):
    (found,) = (block for block in BLOCKS if text in block)
    return found


@pytest.fixture
def run(tmp_path):
    """Return a function that runs a script after the page's first block, with a queue's answer."""
    (tmp_path / "aws").write_text(AWS)
    (tmp_path / "npx").write_text("#!/bin/sh\necho invoked; cat event.json\n")
    for tool in ("aws", "npx"):
        (tmp_path / tool).chmod(0o755)

    def run_script(script: str, answer: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "answer").write_text(answer)
        path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            ["bash", "-c", f"{BLOCKS[0]}\n{script}"],
            cwd=tmp_path,
            env={"PATH": path, "ANSWER": str(tmp_path / "answer")},
            capture_output=True,
            text=True,
        )

    return run_script


def test_every_block_parses():
    assert len(BLOCKS) > 10
    done = subprocess.run(["bash", "-n"], input="\n".join(BLOCKS), capture_output=True, text=True)
    assert done.stderr == ""


@pytest.mark.parametrize("answer", ["None\n", ""])  # of version 2 and of version 1
@pytest.mark.parametrize("queue", ["DispatchFailures", "ExecutionFailures"])
def test_an_empty_queue_invokes_nothing(run, queue, answer):
    define = block_with("event()").split("event DispatchFailures")[0]
    done = run(define + block_with(f"event {queue}").rpartition("\n")[0].splitlines()[-1], answer)
    assert done.stderr == "no message\n"
    assert done.stdout == ""


@pytest.mark.parametrize(
    "body", [{"requestPayload": {"Records": []}, "version": "1.0"}, {"Records": []}]
)
def test_the_event_is_taken_out_of_lambdas_record(run, body):
    done = run(block_with("event()"), json.dumps(body))
    assert done.stdout == 'invoked\n{"Records": []}\n'
