"""Where functions begin: their settings, their wiring, their queues."""
