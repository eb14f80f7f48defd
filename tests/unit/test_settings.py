"""The environment is read in one place, which names everything that is wrong at once."""

import pytest

from lib.entrypoints.settings import (
    ImageSettings,
    MissingSettingsError,
    ProcessorSettings,
    from_env,
)

COMPLETE = {
    "STAGE": "dev",
    "CATALOG_TABLE": "catalog",
    "RENDITIONS_BUCKET": "renditions",
    "QUEUE_URL": "https://queue",
    "DEAD_LETTERS_URL": "https://letters",
    "MAX_RECEIVES": "5",
    "MAX_ATTEMPTS": "3",
    "BUDGET_TABLE": "budget",
    "DAILY_DOLLARS": "0",
    "BUDGET_WAIT_SECONDS": "3600",
}


def test_fields_are_variables_in_upper_case():
    settings = from_env(ProcessorSettings, COMPLETE)
    assert (settings.stage, settings.max_receives, settings.max_attempts) == ("dev", 5, 3)
    assert settings.ffmpeg_path == "/opt/bin/ffmpeg"
    assert from_env(ProcessorSettings, COMPLETE | {"FFMPEG_PATH": "/x"}).ffmpeg_path == "/x"


def test_all_that_is_missing_or_malformed_is_named_at_once():
    with pytest.raises(MissingSettingsError) as caught:
        from_env(ProcessorSettings, {"STAGE": "dev", "QUEUE_URL": "", "MAX_RECEIVES": "five"})
    message = str(caught.value)
    for name in ("CATALOG_TABLE", "RENDITIONS_BUCKET", "QUEUE_URL"):
        assert f"{name} is not set" in message
    assert "expected a whole number for MAX_RECEIVES but received 'five'" in message
    assert "STAGE" not in message


def test_the_image_processor_needs_the_other_queue_too():
    settings = from_env(ImageSettings, COMPLETE | {"VIDEO_QUEUE_URL": "https://video"})
    assert (settings.queue_url, settings.video_queue_url) == ("https://queue", "https://video")
    with pytest.raises(MissingSettingsError, match="ImageSettings: VIDEO_QUEUE_URL is not set"):
        from_env(ImageSettings, COMPLETE)


def test_settings_are_not_changed():
    settings = from_env(ProcessorSettings, COMPLETE)
    with pytest.raises(AttributeError, match="stage"):
        settings.stage = "prod"
