"""What a function gives the encoders of its invocations."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from lib.domain.errors import ErrorCode, PermanentError, TransientError
from lib.entrypoints.bootstrap.video import CountedError, make_video_tools, open_ffmpeg
from lib.entrypoints.settings import StepSettings, VideoSettings

MEGABYTES = 1234


@dataclass
class Invocation:
    left_ms: int

    def get_remaining_time_in_millis(self) -> int:
        return self.left_ms


def test_a_step_gives_ffmpeg_its_time_its_memory_and_a_folder_that_goes_with_it(tmp_path):
    settings = StepSettings(
        ffmpeg_path="/opt/bin/x",
        scratch_folder=str(tmp_path),
        aws_lambda_function_memory_size=MEGABYTES,
    )
    invocation = Invocation(90_000)
    with open_ffmpeg(settings, invocation) as ffmpeg:
        assert (ffmpeg.path, ffmpeg.function_mb) == ("/opt/bin/x", MEGABYTES)
        assert ffmpeg.scratch.parent == tmp_path
        assert list(tmp_path.iterdir()) == [ffmpeg.scratch]
        invocation.left_ms = 8000
        assert ffmpeg.deadline() == 8.0
    assert list(tmp_path.iterdir()) == []


def test_the_processor_gives_ffmpeg_the_delivery_s_time_and_the_function_s_memory(monkeypatch):
    monkeypatch.setattr("lib.entrypoints.bootstrap.video.client", lambda service: service)
    settings = VideoSettings(
        stage="dev",
        catalog_table="catalog",
        renditions_bucket="renditions",
        queue_url="https://queue",
        dead_letters_url="https://letters",
        max_receives=3,
        max_attempts=2,
        budget_table="budget",
        daily_dollars=0,
        budget_wait_seconds=60,
        aws_lambda_function_memory_size=MEGABYTES,
        long_video_arn="arn",
        short_seconds=100,
        dollars=1,
        execution_seconds=600,
    )
    tools = make_video_tools(settings, images=None, budget=Budget())  # type: ignore[arg-type]
    ffmpeg = tools.ffmpeg(lambda: 7.0)
    assert (ffmpeg.deadline(), ffmpeg.function_mb) == (7.0, MEGABYTES)
    assert ffmpeg.scratch == Path("/tmp")
    assert tools.long
    assert (tools.long.vcpu_seconds, tools.long.lease_seconds) == (100, 600)


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (TransientError(ErrorCode.THROTTLED, "slow down"), TransientError),
        (TransientError(ErrorCode.DEADLINE_NEAR, "too late"), CountedError),
        (PermanentError(ErrorCode.CORRUPT_MEDIA, "broken"), PermanentError),
        (ZeroDivisionError("a bug"), ZeroDivisionError),
    ],
)
def test_the_state_machine_tells_what_counts_by_the_name_of_its_class(tmp_path, error, raised):
    settings = StepSettings(scratch_folder=str(tmp_path))
    with pytest.raises(type(error)) as caught, open_ffmpeg(settings, Invocation(1000)):
        raise error
    assert type(caught.value) is raised
    assert str(caught.value) == str(error)


class Budget:
    """What is charged is not looked at here."""

    def charge_once(self, dollars: float, name: str) -> None:
        raise AssertionError((dollars, name))
