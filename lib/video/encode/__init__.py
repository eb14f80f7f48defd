"""ffmpeg: its arguments, its filters, its runs and why they fail."""
