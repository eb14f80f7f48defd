"""All that the model has to find."""

from __future__ import annotations

from tests.robustness.model.mutants.answers import ANSWERS
from tests.robustness.model.mutants.conditions import CONDITIONS
from tests.robustness.model.mutants.jobs import JOBS
from tests.robustness.model.mutants.long_videos import LONG_VIDEOS
from tests.robustness.model.mutants.recordings import RECORDINGS
from tests.robustness.model.mutants.sweeping import SWEEPING

MUTANTS = (*CONDITIONS, *ANSWERS, *RECORDINGS, *SWEEPING, *JOBS, *LONG_VIDEOS)
