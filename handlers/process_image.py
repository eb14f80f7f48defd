"""Image queue ▸ renditions ▸ catalog; or the video queue, for an animation that becomes an MP4."""

# ruff: noqa: E402 - the decoders' process starts first, so that it imports while this one does
from lib.sandbox.client import Sandbox
from lib.sandbox.privacy import hide
from lib.settings import ImageSettings, from_env

hide()
settings = from_env(ImageSettings)
images = Sandbox.of_function(settings.aws_lambda_function_memory_size)
images.start()

from functools import partial

from lib.aws.clients import client
from lib.aws.queue import SqsQueue
from lib.image_job import process
from lib.worker import make_budget, make_handler

video_queue = SqsQueue(client("sqs"), settings.video_queue_url)
job = partial(process, images=images, hand_over=video_queue.send)
handler = make_handler(job, settings, images, make_budget(settings))
