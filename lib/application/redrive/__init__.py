"""Send again what waits in the failure queues, without a task of the queue service."""
