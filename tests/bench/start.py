"""Start once and tell when it was done: `python -I -S -B start.py MODULE FOLDER…`.

Imports MODULE with the folders first on its path, then prints one JSON line: `ready_ns`, on the
system's monotonic clock, and `clients`, the services that have a boto3 client by then. Standard
library only, and as little as that: all that this file does is in both halves of a comparison.
"""

import sys
import time
from importlib import import_module


def made_clients() -> list[str]:
    """Return the service of each boto3 client that exists."""
    import gc

    module = sys.modules.get("botocore.client")
    if module is None:
        return []
    return sorted(
        each.meta.service_model.service_name
        for each in gc.get_objects()
        if issubclass(type(each), module.BaseClient)
    )


if __name__ == "__main__":
    sys.path[:0] = sys.argv[2:]
    import_module(sys.argv[1])
    ready_ns = time.monotonic_ns()
    import json

    print(json.dumps({"ready_ns": ready_ns, "clients": made_clients()}))
