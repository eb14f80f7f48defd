"""Video queue (with audio, and animations that become an MP4) ▸ renditions ▸ catalog."""

from functools import partial

from lib.adapters.sandbox.sandbox import Sandbox
from lib.application.process_upload import process_upload
from lib.entrypoints.bootstrap.queues import make_budget, make_handler
from lib.entrypoints.bootstrap.video import make_video_tools
from lib.entrypoints.settings import VideoSettings, from_env
from lib.process_limits import set_undumpable

set_undumpable()
settings = from_env(VideoSettings)
images = Sandbox.of_function(settings.aws_lambda_function_memory_size)
budget = make_budget(settings)
job = partial(process_upload, tools=make_video_tools(settings, images, budget))
handler = make_handler(job, settings, images, budget)
