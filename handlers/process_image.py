"""Image queue ▸ renditions ▸ catalog; or the video queue, for an animation that becomes an MP4."""

# ruff: noqa: E402 - the decoders' process starts first, so that it imports while this one does
from lib.adapters.sandbox.sandbox import Sandbox
from lib.entrypoints.settings import ImageSettings, from_env
from lib.process_limits import set_undumpable

set_undumpable()
settings = from_env(ImageSettings)
images = Sandbox.of_function(settings.aws_lambda_function_memory_size)
images.start()

from functools import partial

from lib.adapters.aws.clients import client
from lib.adapters.aws.sqs import SqsQueue
from lib.application.process_image import ImageTools, process_image
from lib.entrypoints.bootstrap.queues import make_budget, make_handler

video_queue = SqsQueue(client("sqs"), settings.video_queue_url)
job = partial(process_image, tools=ImageTools(images, requeue=video_queue.send))
handler = make_handler(job, settings, images, make_budget(settings))
