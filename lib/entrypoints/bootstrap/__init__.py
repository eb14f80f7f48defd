"""Wire adapters and use cases: of a queue's processor, and of all that works with ffmpeg."""
