"""A function's workers on the emulator outlive a change of its code, as on AWS."""

from __future__ import annotations

import io
import json
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest

from lib.tools.emulator import lifecycle
from lib.tools.emulator.lifecycle import Emulator

pytestmark = pytest.mark.skipif(
    not lifecycle.PYTHON.exists(), reason="node lib/tools/run.mjs installs the emulator"
)

NAME = "slow"
CODE = """
import pathlib, sys, time
import boto3

def handler(event, context):
    started, may_end = (pathlib.Path(event[name]) for name in ("started", "may_end"))
    started.touch()
    while not may_end.exists():
        time.sleep(0.02)
    boto3.client("sqs").list_queues()
    return "RELEASE"
"""


def zipped(release: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("slow.py", CODE.replace("RELEASE", release))
    return target.getvalue()


@pytest.fixture
def functions(running: Emulator, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in running.environment.items():
        monkeypatch.setenv(name, value)
    # The session of an earlier test has the credentials of an earlier stage.
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    role = boto3.client("iam").create_role(
        RoleName=NAME,
        AssumeRolePolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": {
                    "Effect": "Allow",
                    "Principal": {"Service": "lambda.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                },
            }
        ),
    )["Role"]["Arn"]
    boto3.client("iam").put_role_policy(
        RoleName=NAME,
        PolicyName=NAME,
        PolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": {"Effect": "Allow", "Action": "sqs:ListQueues", "Resource": "*"},
            }
        ),
    )
    client = boto3.client("lambda")
    client.create_function(
        FunctionName=NAME,
        Role=role,
        Runtime="python3.13",
        Handler="slow.handler",
        Timeout=60,
        Code={"ZipFile": zipped("old")},
    )
    return client


def wait_for(*files: Path) -> None:
    deadline = time.monotonic() + 60
    while not all(each.exists() for each in files):
        assert time.monotonic() < deadline, files
        time.sleep(0.02)


def test_what_runs_goes_on_when_the_code_changes(functions: Any, tmp_path: Path) -> None:
    def invoke(name: str) -> object:
        files = {"started": f"{tmp_path}/{name}", "may_end": f"{tmp_path}/{name}-may-end"}
        answer = functions.invoke(FunctionName=NAME, Payload=json.dumps(files))
        return json.load(answer["Payload"])

    with ThreadPoolExecutor() as pool:
        first = [pool.submit(invoke, name) for name in ("a", "b")]
        wait_for(tmp_path / "a", tmp_path / "b")
        (tmp_path / "b-may-end").touch()
        assert first[1].result() == "old"
        functions.update_function_code(FunctionName=NAME, ZipFile=zipped("new"))
        (tmp_path / "c-may-end").touch()
        assert invoke("c") == "new"
        (tmp_path / "a-may-end").touch()
        assert first[0].result() == "old"
