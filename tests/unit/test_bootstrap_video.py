"""What a function gives the encoders of its invocations."""

from dataclasses import dataclass
from pathlib import Path

from lib.entrypoints.bootstrap.video import make_video_tools, open_ffmpeg
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
        max_receives=3,
        budget_table="budget",
        daily_dollars=0,
        budget_wait_seconds=60,
        aws_lambda_function_memory_size=MEGABYTES,
        long_video_arn="arn",
        short_seconds=100,
        dollars=1,
    )
    tools = make_video_tools(settings, images=None, budget=Budget())  # type: ignore[arg-type]
    ffmpeg = tools.ffmpeg(lambda: 7.0)
    assert (ffmpeg.deadline(), ffmpeg.function_mb) == (7.0, MEGABYTES)
    assert ffmpeg.scratch == Path("/tmp")


class Budget:
    """What is charged is not looked at here."""

    def charge_once(self, dollars: float, name: str) -> None:
        raise AssertionError((dollars, name))
