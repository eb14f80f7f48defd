"""Read a function's settings from its environment. One frozen dataclass a function.

No other code of the functions looks there but `lib.child_process`, for what children may see.

A field is the variable of the same name in upper case; one without a default must be set.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import TypeVar, get_type_hints


class MissingSettingsError(RuntimeError):
    """Environment variables are missing or malformed; the message names all of them at once."""


@dataclass(frozen=True, slots=True)
class DispatchSettings:
    """Where dispatch records and publishes."""

    stage: str
    catalog_table: str
    media_topic_arn: str


@dataclass(frozen=True, slots=True)
class ProcessorSettings:
    """Where a processor reads its messages and writes renditions, and what that may take."""

    stage: str
    catalog_table: str
    renditions_bucket: str
    queue_url: str
    max_receives: int
    budget_table: str
    daily_dollars: int
    """That may be started in a UTC day; 0 is no limit."""
    budget_wait_seconds: int
    """After which an upload looks again at the latest, whether the budget lasts for it."""
    ffmpeg_path: str = "/opt/bin/ffmpeg"
    """Where the ffmpeg layer puts its binary."""
    scratch_folder: str = "/tmp"  # noqa: S108 - the one writable folder of a function
    aws_lambda_function_memory_size: int = 0
    """MB; 0 where there is no function."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSettings(ProcessorSettings):
    """Besides: where the image processor sends what needs ffmpeg."""

    video_queue_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoSettings(ProcessorSettings):
    """What processVideo needs besides, to start executions of long sources."""

    long_video_arn: str
    """Of the state machine."""
    short_seconds: int
    """vCPU seconds of an encode that one invocation may take."""
    dollars: int
    """That a long source may be estimated to cost."""


@dataclass(frozen=True, slots=True)
class StepSettings:
    """Where the steps of a long source find and leave their work."""

    stage: str
    catalog_table: str
    renditions_bucket: str
    ffmpeg_path: str = "/opt/bin/ffmpeg"
    scratch_folder: str = "/tmp"  # noqa: S108
    aws_lambda_function_memory_size: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSettings(StepSettings):
    """What an execution may take: seconds, vCPU seconds of a range, dollars."""

    execution_seconds: int
    range_seconds: int
    dollars: int


@dataclass(frozen=True, slots=True)
class FailSettings:
    """Where the end of an execution is recorded, and where its upload waits."""

    stage: str
    catalog_table: str
    renditions_bucket: str
    dead_letters_url: str


@dataclass(frozen=True, slots=True)
class SweepSettings:
    """Where sweep deletes, and what it stops."""

    stage: str
    renditions_bucket: str
    long_video_arn: str


@dataclass(frozen=True, slots=True)
class NotifySettings:
    """Where notify publishes."""

    stage: str
    asset_events_topic_arn: str


Settings = TypeVar("Settings")


def from_env(kind: type[Settings], env: Mapping[str, str] = os.environ) -> Settings:
    """Build a settings dataclass. Raises MissingSettingsError naming every problem."""
    types = get_type_hints(kind)
    values: dict[str, str | int] = {}
    problems = []
    for each in fields(kind):  # type: ignore[arg-type]
        name = each.name.upper()
        text = env.get(name, "")
        if not text:
            if each.default is MISSING:
                problems.append(f"{name} is not set")
        elif types[each.name] is int:
            if text.isdecimal():
                values[each.name] = int(text)
            else:
                problems.append(f"expected a whole number for {name} but received {text!r}")
        else:
            values[each.name] = text
    if problems:
        raise MissingSettingsError(f"{kind.__name__}: " + "; ".join(problems))
    return kind(**values)
