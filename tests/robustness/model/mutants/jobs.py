"""What a worker does around its work, and in which order."""

from __future__ import annotations

from tests.robustness.model.mutants.patch import Mutant

JOB = "lib/application/fenced_job.py"
OUTCOMES = "lib/application/outcomes.py"
STORE = "lib/application/store_work.py"
BATCH = "lib/entrypoints/sqs_batch.py"

JOBS = (
    Mutant(
        "the manifest goes live without the renditions",
        STORE,
        "        renditions.put(key, made.content, made.mime)\n",
        "",
    ),
    Mutant(
        "the manifest is not stored before the commit",
        STORE,
        '    renditions.put(key, manifest(event, outcome), "application/json")\n',
        "",
    ),
    Mutant(
        "an upload is given up for what AWS does",
        JOB,
        "if is_counted(error) and history.failed >= redelivery.max_attempts:",
        "if history.failed >= redelivery.max_attempts or len(history.entries) > 4:",
    ),
    Mutant(
        "an upload is never given up",
        JOB,
        "if is_counted(error) and history.failed >= redelivery.max_attempts:",
        "if False:",
    ),
    Mutant(
        "who is killed by an upload is not looked at",
        JOB,
        "if claim.abandoned >= MOST_KILLED:",
        "if False:",
    ),
    Mutant("one killed worker is enough", OUTCOMES, "MOST_KILLED = 2", "MOST_KILLED = 1"),
    Mutant(
        "a delivery without work clears nothing",
        JOB,
        "        if claim.state is not ClaimState.HANDED_OVER:\n            job.clear()\n",
        "",
    ),
    Mutant(
        "a commit after an earlier try clears nothing",
        JOB,
        "        if claim.attempts > 1:\n            self.clear()\n",
        "",
    ),
    Mutant(
        "a lease is kept by who failed",
        JOB,
        "return self.pipeline.catalog.release(self.event, self.token, describe(error), history)",
        "return CommitState.COMMITTED",
    ),
    Mutant(
        "a lease that could not be given back is nobody's",
        JOB,
        "resuming = replace(self.event, lease=next_lease(self.token))",
        "resuming = replace(self.event, lease=None)",
    ),
    Mutant(
        "a message is acknowledged that was not processed",
        BATCH,
        "return self._goes_back(message, exc)",
        "self._goes_back(message, exc)\n            return True",
    ),
    Mutant(
        "poison comes back",
        BATCH,
        "                self.report.refused(poison, message)\n                return True",
        "                self.report.refused(poison, message)\n                return False",
    ),
)
