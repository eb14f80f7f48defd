"""What the steps of a long source do, and in which order."""

from __future__ import annotations

from tests.robustness.model.mutants.patch import Mutant

FAIL = "lib/application/long_video/fail.py"
LONG_JOB = "lib/application/long_video/long_job.py"
PACKAGE = "lib/application/long_video/package.py"

LONG_VIDEOS = (
    Mutant(
        "a step of a superseded upload touches nothing",
        LONG_JOB,
        "    if asset.sequencer != pad_sequencer(event.sequencer):\n"
        "        return Standing.UNWANTED",
        "    if asset.sequencer != pad_sequencer(event.sequencer):\n"
        "        return Standing.FINISHED",
    ),
    Mutant(
        "packaging leaves the work files",
        PACKAGE,
        "    _clear(job)\n    finished = Finished(_CLAIM[_STANDING[committed]])",
        "    finished = Finished(_CLAIM[_STANDING[committed]])",
    ),
    Mutant(
        "packaging that finds itself done clears nothing",
        PACKAGE,
        "        _clear(job)\n        return Packaged(Finished(_CLAIM[standing]))",
        "        return Packaged(Finished(_CLAIM[standing]))",
    ),
    Mutant(
        "a failed execution gives nothing back",
        FAIL,
        "        else catalog.release(event, execution, failure, history)",
        "        else CommitState.COMMITTED",
    ),
    Mutant(
        "a failed execution sends nothing",
        FAIL,
        "    else:\n        redelivery.queue.send(event, settle_seconds)\n    state = (",
        "    state = (",
    ),
    Mutant(
        "what a superseded execution stores last is not cleared",
        FAIL,
        "                redelivery.queue.send(event, settle_seconds)\n        final",
        "                pass\n        final",
    ),
    Mutant(
        "an upload is given up for what AWS does to its execution",
        FAIL,
        "elif ending.counted and history.failed >= redelivery.max_attempts:",
        "elif True:",
    ),
    Mutant(
        "an upload is free again before it is sent",
        FAIL,
        "    if outcome and not error.permanent:\n"
        "        send_dead_letter(event, outcome, redelivery.dead_letters)\n"
        "    else:\n"
        "        redelivery.queue.send(event, settle_seconds)\n"
        "    state = (\n"
        "        catalog.commit(event, execution, outcome)\n"
        "        if outcome\n"
        "        else catalog.release(event, execution, failure, history)\n"
        "    )\n",
        "    state = (\n"
        "        catalog.commit(event, execution, outcome)\n"
        "        if outcome\n"
        "        else catalog.release(event, execution, failure, history)\n"
        "    )\n"
        "    if outcome and not error.permanent:\n"
        "        send_dead_letter(event, outcome, redelivery.dead_letters)\n"
        "    else:\n"
        "        redelivery.queue.send(event, settle_seconds)\n",
    ),
)
