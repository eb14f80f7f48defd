"""Find a stage's stack: its buckets and its table, by the outputs of `media-pipeline-<stage>`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from lib.tools.emulator import lifecycle
from lib.tools.emulator.environment import (
    REGION,
    Credentials,
    EmulatorError,
    client_environment,
    require_loopback,
)

SERVICE = "media-pipeline"
LOCAL = "local"
IMPATIENT = Config(connect_timeout=5, retries={"total_max_attempts": 2})
"""The first request of a command: somebody waits to hear that nothing answers."""


class StackError(Exception):
    """The stage can't be used; the message is one line that says why."""


@dataclass(frozen=True, slots=True)
class Stack:
    """What the command line needs of a stage."""

    stage: str
    uploads: str
    renditions: str
    catalog: str
    outputs: Mapping[str, str] = field(default_factory=dict)
    """All that the stack tells, these three too."""

    def output(self, name: str) -> str:
        """Return another output. Raises StackError where an older version was deployed."""
        try:
            return self.outputs[name]
        except KeyError as exc:
            raise StackError(
                f"the stack {SERVICE}-{self.stage} has no output '{name}': deploy again"
            ) from exc


def use_stage(stage: str, region: str | None = None, folder: Path = lifecycle.FOLDER) -> Stack:
    """Point this process at a stage, and return its stack. Raises StackError.

    For the stage `local` the emulator replaces whatever AWS settings the process had; for the
    others the region is chosen as serverless.yml chooses it.
    """
    if stage == LOCAL:
        environment = _local_environment(folder)
        os.environ.clear()
        os.environ.update(environment)
        boto3.setup_default_session()  # a session keeps the credentials that it has found
    region = region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    os.environ["AWS_DEFAULT_REGION"] = region or REGION
    return _find_stack(stage, os.environ["AWS_DEFAULT_REGION"])


def _local_environment(folder: Path) -> dict[str, str]:
    """Return the environment for the emulator in a folder, else for the one that this one names."""
    if running := lifecycle.find(folder):
        return running.environment
    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    if not endpoint:
        raise StackError("no emulator is running: npm run demo -- --keep starts one")
    try:
        require_loopback(endpoint)
    except EmulatorError as exc:
        raise StackError(str(exc)) from exc
    credentials = Credentials.find(os.environ)
    if credentials is None:
        # The user's own are not sent to whatever listens there.
        raise StackError(
            f"expected the credentials of the emulator at {endpoint}, which npm run demo -- --keep "
            "printed when it started it, but AWS_ACCESS_KEY_ID has none of an emulator"
        )
    return client_environment(endpoint, credentials)


def _find_stack(stage: str, region: str) -> Stack:
    name = f"{SERVICE}-{stage}"
    try:
        described = boto3.client("cloudformation", config=IMPATIENT).describe_stacks(StackName=name)
    except NoCredentialsError as exc:
        raise StackError("no AWS credentials: set AWS_PROFILE, or run `aws configure`") from exc
    except ClientError as exc:
        if "does not exist" in str(exc):
            hint = f"npm run sls -- deploy --stage {stage}"
            raise StackError(f"no stack {name} in {region}: {hint} installs it") from exc
        raise StackError(_one_line(exc)) from exc
    except BotoCoreError as exc:
        raise StackError(_one_line(exc)) from exc
    outputs = {
        output["OutputKey"]: output["OutputValue"]
        for output in described["Stacks"][0].get("Outputs", [])
    }
    try:
        return Stack(
            stage,
            outputs["UploadsBucket"],
            outputs["RenditionsBucket"],
            outputs["CatalogTable"],
            outputs,
        )
    except KeyError as exc:
        status = described["Stacks"][0]["StackStatus"]
        raise StackError(f"the stack {name} ({status}) has no output {exc}: deploy again") from exc


def _one_line(exc: Exception) -> str:
    return " ".join(str(exc).split())
