"""The ports implemented: on AWS, on folders and in memory, behind a wall."""
