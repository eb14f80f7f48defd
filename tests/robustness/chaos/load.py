"""Do the steps of a plan to a deployed stage, and remember what was done."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field

from botocore.exceptions import BotoCoreError, ClientError

from lib.tools.emulator import server
from tests.e2e.deployed import FUNCTIONS, Deployed
from tests.robustness.chaos.faults import Faults
from tests.robustness.chaos.invocations import Invocation, Invocations
from tests.robustness.chaos.media import Maker, Medium
from tests.robustness.chaos.plan import Deed, Plan, Step

WARM_UP = "warm-up/"
THREADS = 16
PATIENCE_SECONDS = 3.0
LOOK_SECONDS = 0.05
MOST_AT_WORK = 8
"""Invocations at once: a laptop has two cores, and each new worker wants one for a second."""

PROCESSORS = frozenset({"processImage", "processVideo"})
POISON = (
    "not JSON: {number}",
    '{{"schema": 1, "this": "is not ours {number}"}}',
    '["a list", {number}]',
)


@dataclass(frozen=True, slots=True)
class Upload:
    """One version that was stored."""

    key: str
    version_id: str
    medium: Medium
    at: float
    """Seconds of the epoch, before it was sent."""


@dataclass
class Done:
    """What was done, as it went."""

    sent: dict[str, set[Medium]] = field(default_factory=dict)
    """What was sent to each key, stored or not: a request that timed out may have been served."""
    uploads: list[Upload] = field(default_factory=list)
    poison: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    told: list[tuple[float, str, str]] = field(default_factory=list)
    """When (seconds of the epoch), to which key, what."""

    def tell(self, key: str, what: str) -> None:
        """Remember a deed for a key's story."""
        self.told.append((time.time(), key, what))


class Load:
    """Does one plan to one stage."""

    def __init__(
        self, deployed: Deployed, invocations: Invocations, maker: Maker, faults: Faults
    ) -> None:
        self._deployed = deployed
        self._invocations = invocations
        self._maker = maker
        self._faults = faults
        self._keys: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()
        self.done = Done()

    def warm_up(self) -> None:
        """Have the workers of the processors started before anything is timed."""
        for medium in (Medium.JPEG, Medium.CLIP):
            key = f"{WARM_UP}{medium}"
            self._put(Step(0, Deed.PUT, key, medium))
            self._deployed.wait(key, self.done.uploads[-1].version_id)

    def run(self, plan: Plan) -> None:
        """Do each step at its time. All wait while the machine has more to do than it can."""
        started = time.monotonic()
        self._faults.active = True
        with ThreadPoolExecutor(THREADS) as pool:
            for step in plan.steps:
                while (early := started + step.at - time.monotonic()) > 0:
                    time.sleep(min(early, LOOK_SECONDS))
                while self._invocations.count_open() >= MOST_AT_WORK:
                    time.sleep(LOOK_SECONDS)
                    started += LOOK_SECONDS
                pool.submit(self._do, step)
        self._faults.active = False

    def _do(self, step: Step) -> None:
        try:
            if step.key:
                with self._lock:
                    lock = self._keys.setdefault(step.key, threading.Lock())
                with lock:
                    self._change(step)
            else:
                self._disturb(step)
        except (ClientError, BotoCoreError) as exc:
            self.done.counts["steps that failed"] += 1
            self.done.tell(step.key, f"could not {step.deed}: {exc}")

    def _change(self, step: Step) -> None:
        s3, bucket = self._deployed.s3, self._deployed.uploads
        match step.deed:
            case Deed.PUT:
                self._put(step)
                return
            case Deed.DELETE:
                said = s3.delete_object(Bucket=bucket, Key=step.key)["VersionId"]
            case Deed.UNDELETE:
                marker = s3.delete_object(Bucket=bucket, Key=step.key)["VersionId"]
                s3.delete_object(Bucket=bucket, Key=step.key, VersionId=marker)
                said = marker
            case Deed.DELETE_NEWEST:
                said = self.versions(step.key)[0]
                s3.delete_object(Bucket=bucket, Key=step.key, VersionId=said)
            case _:
                said = self._copy_back(step)
        self.done.counts[step.deed] += 1
        self.done.tell(step.key, f"{step.deed}: {said}")

    def _put(self, step: Step) -> None:
        assert step.medium is not None
        body = self._maker.make(step.medium, step.seed)
        self.done.sent.setdefault(step.key, set()).add(step.medium)
        at = time.time()
        version = self._deployed.upload(step.key, body)
        self.done.uploads.append(Upload(step.key, version, step.medium, at))
        self.done.tell(step.key, f"put {step.medium} of {len(body)} bytes: {version}")

    def _copy_back(self, step: Step) -> str:
        bucket = self._deployed.uploads
        oldest = self.versions(step.key)[-1]
        known = {each.version_id: each.medium for each in self.done.uploads}
        if oldest not in known:
            return "nothing"
        at = time.time()
        version = self._deployed.s3.copy_object(
            Bucket=bucket,
            Key=step.key,
            CopySource={"Bucket": bucket, "Key": step.key, "VersionId": oldest},
        )["VersionId"]
        self.done.uploads.append(Upload(step.key, version, known[oldest], at))
        return f"{oldest} as {version}"

    def versions(self, key: str) -> list[str]:
        """Return a key's versions without markers, the newest first; at least one was put."""
        listed = self._deployed.s3.list_object_versions(
            Bucket=self._deployed.uploads, Prefix=key
        ).get("Versions", [])
        return [each["VersionId"] for each in listed if each["Key"] == key] or ["none"]

    def _disturb(self, step: Step) -> None:
        chance = random.Random(step.seed)
        match step.deed:
            case Deed.POISON:
                self._poison(chance)
            case Deed.REPEAT_EVENT:
                self._repeat_event(chance)
            case Deed.REPEAT_MESSAGE:
                self._repeat_message(chance)
            case Deed.OUTAGE:
                assert step.how is not None
                self._faults.break_down(step.how)
                self.done.counts[f"{step.how.service} refused {step.how.seconds:.0f} s"] += 1
            case Deed.FREEZE_ALL:
                self._freeze(self._deployed.emulator.pid, step.seconds)
                self.done.counts[step.deed] += 1
            case _:
                self._strike(step, chance)

    def _poison(self, chance: random.Random) -> None:
        body = chance.choice(POISON).format(number=chance.getrandbits(40))
        queue = chance.choice(("image", "video"))
        self.done.poison.append(body)
        self._deployed.sns.publish(
            TopicArn=self._deployed.outputs["MediaTopic"],
            Message=body,
            MessageAttributes={
                "action": {"DataType": "String", "StringValue": "created"},
                "media_type": {"DataType": "String", "StringValue": queue},
            },
        )
        self.done.counts[Deed.POISON] += 1

    def _repeat_event(self, chance: random.Random) -> None:
        events = [
            each.event
            for each in self._invocations.refresh()
            if each.function == "dispatch" and "s3" in (each.event.get("Records") or [{}])[0]
        ]
        if not events:
            return
        self._deployed.functions.invoke(
            FunctionName=FUNCTIONS + "dispatch",
            InvocationType="Event",
            Payload=json.dumps(chance.choice(events)),
        )
        self.done.counts[Deed.REPEAT_EVENT] += 1

    def _repeat_message(self, chance: random.Random) -> None:
        records = [
            record
            for each in self._invocations.refresh()
            if each.function in PROCESSORS and each.assets
            for record in each.event["Records"]
        ]
        if not records:
            return
        record = chance.choice(records)
        name = record["eventSourceARN"].rsplit(":", 1)[1]
        url = self._deployed.sqs.get_queue_url(QueueName=name)["QueueUrl"]
        self._deployed.sqs.send_message(QueueUrl=url, MessageBody=record["body"])
        self.done.counts[Deed.REPEAT_MESSAGE] += 1

    def _strike(self, step: Step, chance: random.Random) -> None:
        """Kill or freeze a worker at work; wait a little for one."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (working := self._invocations.running()):
            if time.monotonic() > deadline:
                self.done.counts["strikes that found nobody at work"] += 1
                return
            time.sleep(LOOK_SECONDS)
        time.sleep(chance.uniform(0, 0.2))  # anywhere in its work, not only at its start
        victim = self._still_working(chance, working)
        if victim is None or victim.pid is None:
            self.done.counts["strikes that found nobody at work"] += 1
            return
        victim.struck.append(f"{step.deed} at {time.time():.3f}")
        self.done.counts[step.deed] += 1
        self.done.counts[f"{step.deed}: {victim.function}"] += 1
        if step.deed is Deed.KILL:
            server.end_tree(victim.pid)
        else:
            self._freeze(victim.pid, step.seconds)

    def _still_working(self, chance: random.Random, working: list[Invocation]) -> Invocation | None:
        left = [each for each in self._invocations.running() if each in working]
        left = left or self._invocations.running()
        return chance.choice(left) if left else None

    def _freeze(self, pid: int, seconds: float) -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
            time.sleep(seconds)
            os.kill(pid, signal.SIGCONT)
