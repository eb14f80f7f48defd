"""Short schedules by name: what once broke, or must not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tests.robustness.model.faults import Again, Fault, Outage
from tests.robustness.model.program import DAY, Planned, Program, Step
from tests.robustness.model.special_schedules import MEND_ROUNDS


def put(at: float, kind: str = "image", number: int = 1, *delays: float) -> Step:
    """Upload something to the one key."""
    return Step(at, "put", "a.bin", kind, number, delays or (0.0,))


def do(at: float, action: str, *delays: float, number: int = 0) -> Step:
    """Do something with the one key, or with the stage."""
    return Step(at, action, "a.bin", "", number, delays or (0.0,))


def tell(
    *steps: Step, faults: tuple[Planned, ...] = (), late: float = 0.3, seed: int = 1
) -> Program:
    """Return the schedule of some steps; the seed says how long calls take."""
    return Program(seed, steps, faults, late)


STORIES: Mapping[str, Program] = {
    # 1. Events in another order than what happened.
    "restored, and told of the removal last": tell(
        put(0), do(1, "delete", 9.0), do(2, "delete marker", 1.0)
    ),
    "restored, and told of the restoring first": tell(
        put(0), do(1, "delete", 3.0), do(2, "delete marker", 0.0)
    ),
    "rolled back by deleting, told in another order": tell(
        put(0), put(1, "image", 2, 5.0), do(2, "delete newest", 0.0)
    ),
    "rolled back by copying, told in another order": tell(
        put(0), put(1, "image", 2, 8.0), do(2, "copy older", 0.0, number=1)
    ),
    "a version deleted, then two more": tell(
        put(0), do(1, "delete newest", 4.0), put(2, "image", 2, 3.0), put(3, "image", 3, 1.5)
    ),
    "a version deleted, then two more, in a second": tell(
        put(0), do(0.49, "delete newest"), put(0.57, "image", 2), put(0.63, "image", 3), seed=35
    ),
    "the only version deleted, then two more, one told late": tell(
        put(0),
        do(0.26, "delete older"),
        put(0.27, "image", 2, 0.07),
        put(0.37, "image", 3),
        seed=92,
    ),
    "deleted, restored, rolled back and overwritten": tell(
        put(0, "image", 2),
        do(0, "delete"),
        do(0.3, "delete marker"),
        do(0.36, "copy older", number=1),
        put(0.47, "image", 3),
        seed=961,
    ),
    "removed again unnoticed, before the upload between is recorded": tell(
        put(0),
        do(1, "delete"),
        put(2, "image", 2),
        do(3, "delete"),
        faults=(Fault("dispatch", 11, "stall", 2.0),),
        seed=1026457,
    ),
    "publishing fails once": tell(put(0), faults=(Fault("dispatch", 3, "unavailable"),)),
    "publishing fails once after a version was deleted": tell(
        put(0),
        put(5, "image", 2),
        do(10, "delete newest"),
        faults=(Fault("dispatch", 9, "unavailable"),),
    ),
    "the same bytes again, while they are worked on": tell(put(0), do(0.6, "put same")),
    # 2. What is live though it is superseded.
    "the reply to a commit is lost, then a newer upload": tell(
        put(0), put(1.5, "text", 2), faults=(Fault("processImage", 8, "lost"),)
    ),
    "packaging killed after its commit, then a newer upload": tell(
        put(0, "film"), put(44.0, "text", 2), faults=(Fault("packageVideo", 19, "kill after"),)
    ),
    "packaging killed after its commit": tell(
        put(0, "film"), faults=(Fault("packageVideo", 19, "kill after"),)
    ),
    "an execution is stopped": tell(put(0, "film"), do(20.0, "stop")),
    "the end of an execution is told a day late": tell(
        put(0, "film"), do(20.0, "stop"), put(60.0, "film", 2), late=DAY
    ),
    "a range outlives its execution": tell(
        put(0, "film"), do(30.0, "stop"), faults=(Fault("encodeRange", 14, "stall", 400.0),)
    ),
    # 3. What would be left over.
    "killed while a newer upload is recorded": tell(
        put(0), put(0.5, "image", 2), faults=(Fault("processImage", 5, "kill after"),)
    ),
    "stalled past its time while a newer upload is recorded": tell(
        put(0, "image", 1, 2.0),
        put(2.29, "image", 2),
        faults=(Fault("processImage", 15, "stall", 120.0),),
        seed=89,
    ),
    "a short video is killed, and its version deleted": tell(
        put(0, "video"),
        do(5, "delete older"),
        faults=(Fault("processVideo", 7, "kill after"),),
        seed=1546,
    ),
    "planned again for the same bytes, while the first plan stalls": tell(
        put(0, "bad film"),
        do(75, "put same"),
        faults=(Fault("planVideo", 3, "stall", 120.0),),
        seed=2932,
    ),
    "packaging is killed twice": tell(
        put(0, "film"),
        faults=(Fault("packageVideo", 30, "kill"), Fault("packageVideo", 8, "kill after")),
        seed=2387,
    ),
    "a film's message comes twice, and another recipe between": tell(
        put(0, "film"), do(1, "deploy"), faults=(Again("VideoQueue", 1),), seed=2535
    ),
    "removed while it is planned": tell(
        put(0, "film"), do(0.3, "delete"), faults=(Fault("planVideo", 3, "stall", 15.0),)
    ),
    "a range is killed after a removal was swept": tell(
        put(0, "film"), do(30.0, "delete"), faults=(Fault("encodeRange", 16, "kill after"),)
    ),
    "another recipe between two tries": tell(
        put(0), do(0.7, "deploy"), faults=(Fault("processImage", 6, "kill after"),)
    ),
    "another recipe while a film is encoded": tell(put(0, "film"), do(30.0, "deploy")),
    "another recipe, and back": tell(
        put(0, "film"), do(30.0, "deploy"), do(200.0, "deploy"), put(260.0, "film", 2)
    ),
    # 4. Kills and outages at the worst moments.
    "the catalog away for 75 s": tell(put(0), faults=(Outage("dynamodb", 0.6, 75.0, "throttle"),)),
    "the catalog away from the start": tell(
        put(0), faults=(Outage("dynamodb", 0.0, 2000.0, "throttle"),)
    ),
    "killed once, then the catalog away": tell(
        put(0),
        faults=(Fault("processImage", 4, "kill"), Outage("dynamodb", 300.0, 400.0, "unavailable")),
    ),
    "the last commit fails": tell(put(0), faults=(Fault("processImage", 8, "throttle"),)),
    "the reply to a claim is lost": tell(put(0), faults=(Fault("processImage", 2, "lost"),)),
    "the replies to two claims are lost": tell(
        put(0), faults=(Fault("processImage", 2, "lost"), Fault("processImage", 5, "lost"))
    ),
    # 5. Outages that only need patience.
    "S3 refuses writes for a minute": tell(
        put(0), faults=(Outage("s3", 0.5, 60.0, "denied", writes_only=True),)
    ),
    "S3 refuses writes for half an hour, of a film": tell(
        put(0, "film"), faults=(Outage("s3", 20.0, 2000.0, "denied", writes_only=True),)
    ),
    "S3 is away": tell(put(0), faults=(Outage("s3", 0.0, 2000.0, "unavailable"),)),
    "SNS is away": tell(put(0), faults=(Outage("sns", 0.0, 2000.0, "unavailable"),)),
    "SQS is away": tell(put(0, "film"), faults=(Outage("sqs", 0.0, 400.0, "unavailable"),)),
    "Step Functions is away": tell(
        put(0, "film"), faults=(Outage("stepfunctions", 0.0, 2000.0, "throttle"),)
    ),
    # 6. Hand-overs, lengths, and what comes after everything is forgotten.
    "handed over to an execution that is about to end": tell(
        put(0, "film"),
        do(0.7, "stop"),
        faults=(Again("VideoQueue", 1), Fault("processVideo", 3, "stall", 2.0)),
    ),
    "sequencers grow": tell(
        put(0), do(5, "grow"), put(6, "image", 2, 9.0), do(10, "delete", 0.0), put(12, "image", 3)
    ),
    "an event is repeated after its tombstone was dropped": tell(
        put(0, "image", 1, 0.0, 40 * DAY), do(10, "delete"), do(35 * DAY, "expire")
    ),
    "poison": tell(put(0), do(0, "poison")),
    # What is damaged, and reconciled.
    "restored to where what is live was swept since": replace(
        tell(
            put(0),
            do(10, "keep the table"),
            put(20, "image", 2),
            put(40, "text", 3),
            do(60, "restore the table"),
        ),
        rounds=MEND_ROUNDS,
    ),
    "all renditions deleted": replace(
        tell(put(0), put(0, "film", 2), do(100, "empty the bucket")), rounds=MEND_ROUNDS
    ),
    "all entries deleted": replace(tell(put(0), do(10, "delete items")), rounds=MEND_ROUNDS),
    "an event that never came": replace(
        tell(put(0), Step(10, "put", "a.bin", "image", 2, ())), rounds=MEND_ROUNDS
    ),
}
"""Numbered by what they are about; none of them may break anything."""
