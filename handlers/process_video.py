"""Video queue (with audio) ▸ renditions ▸ catalog."""

from functools import partial
from pathlib import Path

from lib.settings import ProcessorSettings, from_env
from lib.video_job import process
from lib.worker import make_handler

settings = from_env(ProcessorSettings)
job = partial(process, ffmpeg=settings.ffmpeg_path, folder=Path(settings.scratch_folder))
handler = make_handler(job, settings)
