"""Image queue ▸ renditions ▸ catalog; or the video queue, for an animation that becomes an MP4."""

from functools import partial

from lib.aws.clients import client
from lib.aws.queue import SqsQueue
from lib.image_job import process
from lib.settings import ImageSettings, from_env
from lib.worker import make_handler

settings = from_env(ImageSettings)
video_queue = SqsQueue(client("sqs"), settings.video_queue_url)
handler = make_handler(partial(process, hand_over=video_queue.send), settings)
