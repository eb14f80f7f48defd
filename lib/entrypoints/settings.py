"""Read a function's settings from its environment. One class a function.

No other code of the functions looks there but `lib.process_limits`, for what children may see.

A field is the variable of the same name in upper case; one without a default must be set.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NoReturn, TypeVar, get_type_hints


class MissingSettingsError(RuntimeError):
    """Environment variables are missing or malformed; the message names all of them at once."""


class Settings:
    """Values by their names, set once.

    Not dataclasses: to make ten of them would take 4 ms of each function's cold start.
    """

    def __init__(self, **values: str | int) -> None:
        self.__dict__.update(values)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"settings are not changed, but {name} was to be {value!r}")


class QueueSettings(Settings):
    """Where a function reads its messages."""

    stage: str
    queue_url: str
    dead_letters_url: str
    max_receives: int
    """Of a message, before SQS makes a dead letter of it: for functions that never run."""


class DispatchSettings(QueueSettings):
    """Where dispatch records and publishes; the queue is of events that Lambda has given up."""

    catalog_table: str
    media_topic_arn: str


class ProcessorSettings(QueueSettings):
    """Where a processor writes renditions, and what that may take."""

    catalog_table: str
    renditions_bucket: str
    max_attempts: int
    """That may have failed because of the upload, before it is given up."""
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


class ImageSettings(ProcessorSettings):
    """Besides: where the image processor sends what needs ffmpeg."""

    video_queue_url: str


class VideoSettings(ProcessorSettings):
    """What processVideo needs besides, to start executions of long sources."""

    long_video_arn: str
    """Of the state machine."""
    short_seconds: int
    """vCPU seconds of an encode that one invocation may take."""
    dollars: int
    """That a long source may be estimated to cost."""
    execution_seconds: int
    """That an execution may take."""


class StepSettings(Settings):
    """Where the steps of a long source find and leave their work."""

    stage: str
    catalog_table: str
    renditions_bucket: str
    ffmpeg_path: str = "/opt/bin/ffmpeg"
    scratch_folder: str = "/tmp"  # noqa: S108
    aws_lambda_function_memory_size: int = 0


class PlanSettings(StepSettings):
    """What an execution may take: seconds, vCPU seconds of a range, dollars."""

    execution_seconds: int
    range_seconds: int
    dollars: int


class FailSettings(QueueSettings):
    """Where the end of an execution is recorded; the queue is of calls that Lambda has given up."""

    catalog_table: str
    renditions_bucket: str
    video_queue_url: str
    video_dead_letters_url: str
    """Where the execution's upload goes."""
    max_attempts: int
    settle_seconds: int
    """After which nothing works any more that an execution has started."""


class SweepSettings(Settings):
    """Where sweep deletes, and what it stops."""

    stage: str
    renditions_bucket: str
    long_video_arn: str


class ReconcileSettings(Settings):
    """What reconcile compares, and when it takes something for wrong."""

    stage: str
    uploads_bucket: str
    renditions_bucket: str
    catalog_table: str
    media_topic_arn: str
    budget_table: str
    """Where it remembers how far it is."""
    orphan_seconds: int
    receipt_seconds: int
    lease_seconds: int
    most_deletes: int
    """Assets of which a round may delete renditions without being asked."""
    full_seconds: int
    """Between two rounds that look at every object; those between are quick."""


class DeliverSettings(Settings):
    """Where deliver looks, and what it answers."""

    stage: str
    catalog_table: str
    uploads_bucket: str
    stale_seconds: int
    """How long an answer may be kept: after so long at the latest a new version is seen."""
    renditions_path: str = ""
    """What stands before the renditions' keys on the host that was asked; nothing on a CDN."""


class NotifySettings(Settings):
    """Where notify publishes, and whether also how far the work is: `true`, or nothing."""

    stage: str
    asset_events_topic_arn: str
    progress_events: str = ""


class ApiSettings(Settings):
    """What the HTTP API reads and writes, and who may."""

    stage: str
    catalog_table: str
    uploads_bucket: str
    renditions_bucket: str
    media_topic_arn: str
    tenant_claim: str = ""
    """Of a token: its value is the caller's folder. Empty: who may call may touch every key."""
    delivery_url: str = ""
    """Where the renditions are served. Empty: nowhere."""
    delivery_key_pair_id: str = ""
    """Of the key that the CDN trusts. Empty: it serves everybody."""
    delivery_private_key: str = ""
    """Its private one's name in SSM."""


class WebhookSettings(QueueSettings):
    """Who is told of asset events, and when again."""

    webhook_url: str
    webhook_secret: str
    """Name of the parameter."""
    webhook_private: str = ""
    """`true` where the receiver may be in a private network, and without TLS."""
    webhook_delays: str
    """Seconds before each further try, with commas."""
    webhook_seconds: int
    """From when an event was queued, after which it is given up."""
    webhook_deadline: int
    """Seconds of a try."""


class GallerySettings(Settings):
    """What the gallery's page has to know of its stage."""

    stage: str
    api_auth: str
    """How one signs in: none or jwt."""
    content_origins: str
    """Of uploads and renditions, with spaces between: what the page may load besides itself."""


Kind = TypeVar("Kind", bound=Settings)


def from_env(kind: type[Kind], env: Mapping[str, str] = os.environ) -> Kind:
    """Build a function's settings. Raises MissingSettingsError naming every problem."""
    values: dict[str, str | int] = {}
    problems = []
    for field, type_ in get_type_hints(kind).items():
        name = field.upper()
        text = env.get(name, "")
        if not text:
            if not hasattr(kind, field):
                problems.append(f"{name} is not set")
        elif type_ is int:
            if text.isdecimal():
                values[field] = int(text)
            else:
                problems.append(f"expected a whole number for {name} but received {text!r}")
        else:
            values[field] = text
    if problems:
        raise MissingSettingsError(f"{kind.__name__}: " + "; ".join(problems))
    return kind(**values)
