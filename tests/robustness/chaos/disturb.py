"""Do what a plan has beside uploads: kill, freeze, repeat, send poison, let services refuse."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from contextlib import suppress

from lib.tools.emulator import server
from tests.e2e.deployed import FUNCTIONS, Deployed
from tests.robustness.chaos.done import Done
from tests.robustness.chaos.faults import Faults
from tests.robustness.chaos.invocations import Invocation, Invocations
from tests.robustness.chaos.plan import Deed, Step

PATIENCE_SECONDS = 3.0
LOOK_SECONDS = 0.05
PROCESSORS = frozenset({"processImage", "processVideo"})
POISON = (
    "not JSON: {number}",
    '{{"schema": 1, "this": "is not ours {number}"}}',
    '["a list", {number}]',
)


class Disturber:
    """Disturbs one stage."""

    def __init__(
        self, deployed: Deployed, invocations: Invocations, faults: Faults, done: Done
    ) -> None:
        self._deployed = deployed
        self._invocations = invocations
        self._faults = faults
        self.done = done

    def do(self, step: Step) -> None:
        """Do one step that is about no upload of its own."""
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
        """Return one of those that work still, else another: of each function alike."""
        running = self._invocations.running()
        left = [each for each in running if each in working] or running
        if not left:
            return None
        function = chance.choice(sorted({each.function for each in left}))
        return chance.choice([each for each in left if each.function == function])

    def _freeze(self, pid: int, seconds: float) -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
            time.sleep(seconds)
            os.kill(pid, signal.SIGCONT)
