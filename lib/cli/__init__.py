"""The `media` command and the demo: the same for the local stage and for stages on AWS."""
