"""Do the steps of a plan to a deployed stage, and remember what was done."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor

from botocore.exceptions import BotoCoreError, ClientError

from tests.e2e.deployed import Deployed
from tests.robustness.chaos.disturb import LOOK_SECONDS, Disturber
from tests.robustness.chaos.done import WARM_UP, Done, Upload
from tests.robustness.chaos.faults import Faults
from tests.robustness.chaos.invocations import Invocations
from tests.robustness.chaos.media import Maker, Medium
from tests.robustness.chaos.plan import Deed, Plan, Step

THREADS = 16
MOST_AT_WORK = 6
"""Invocations at once: a laptop has two cores, and each new worker wants one for a second."""


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
        self._disturber = Disturber(deployed, invocations, faults, self.done)

    def warm_up(self) -> None:
        """Have the workers of the processors started before anything is timed."""
        for medium in (Medium.JPEG, Medium.CLIP):
            key = f"{WARM_UP}{medium}"
            self._put(Step(0, Deed.PUT, key, medium))
            self._deployed.wait(key, self.done.uploads[-1].version_id)

    def run(self, plan: Plan) -> None:
        """Do each step at its time. All wait while the machine has more to do than it can."""
        started = time.monotonic()
        doing: list[Future[None]] = []
        with ThreadPoolExecutor(THREADS) as pool:
            for step in plan.steps:
                while (early := started + step.at - time.monotonic()) > 0:
                    time.sleep(min(early, LOOK_SECONDS))
                while self._invocations.count_open() >= MOST_AT_WORK:
                    time.sleep(LOOK_SECONDS)
                    started += LOOK_SECONDS
                doing.append(pool.submit(self._do, step))
        for each in doing:
            each.result()

    def _do(self, step: Step) -> None:
        try:
            if step.key:
                with self._lock:
                    lock = self._keys.setdefault(step.key, threading.Lock())
                with lock:
                    self._change(step)
            else:
                self._disturber.do(step)
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
