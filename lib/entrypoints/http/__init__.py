"""The HTTP API: what comes in becomes arguments of use cases, and what they say an answer."""
