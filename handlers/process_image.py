"""Image queue ▸ renditions ▸ catalog."""

from lib.image_job import process
from lib.settings import ProcessorSettings, from_env
from lib.worker import make_handler

handler = make_handler(process, from_env(ProcessorSettings))
