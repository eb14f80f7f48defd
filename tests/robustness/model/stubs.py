"""What the functions get instead: of boto3, of the standard library, and of what decodes."""

from __future__ import annotations

import random
import time
import types
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from tests.robustness.model import current, films, media
from tests.robustness.model.inline import InlineExecutor, NoFolder


def _now() -> float:
    return float(current.world.now)


class _Client:
    """A client of boto3, whichever world it is."""

    def __init__(self, service: str) -> None:
        self._service = service

    def __getattr__(self, operation: str) -> Any:
        return getattr(current.world.clients[self._service], operation)


class _Random:
    """The module `random`, by the world's seed."""

    def __getattr__(self, name: str) -> Any:
        if name in ("random", "uniform", "choice", "randint", "randrange", "expovariate"):
            return lambda *given: getattr(current.world.random, name)(*given)
        return getattr(random, name)


class Telemetry:
    """Tells nobody anything, but the world's trace."""

    def __init__(self, stage: str) -> None:
        self.logger = self

    def instrument(self, handler: Callable[..., Any]) -> Callable[..., Any]:
        """Return the handler as it is."""
        return handler

    def __getattr__(self, name: str) -> Callable[..., None]:
        return _silent


def _silent(*_: object, **__: object) -> None:
    return None


def _uuid4() -> uuid.UUID:
    current.world.names += 1
    return uuid.UUID(int=(0xA << 124) + current.world.names)


def _type(name: str) -> object:
    if name.startswith("__"):
        raise AttributeError(name)
    return object


def _module(name: str, **content: Any) -> types.ModuleType:
    module = types.ModuleType(name)
    module.__dict__.update(content)
    return module


def standard_modules() -> dict[str, types.ModuleType]:
    """Return what the functions are given for modules of the standard library."""
    clock = _module("time", **{**vars(time), "time": _now, "monotonic": _now, "perf_counter": _now})
    clock.__dict__["sleep"] = lambda seconds: current.world.sleep(seconds)
    names = _module("uuid", **{**vars(uuid), "uuid4": _uuid4})
    chance: Any = _Random()
    return {"time": clock, "uuid": names, "random": chance}


def own_modules() -> dict[str, types.ModuleType]:
    """Return what stands for our own modules that reach outside, or decode."""
    return {
        "lib.process_limits": _module("lib.process_limits", set_undumpable=_silent),
        "lib.adapters.telemetry": _module(
            "lib.adapters.telemetry",
            Telemetry=Telemetry,
            # Names of types, which nobody looks into.
            __getattr__=_type,
        ),
        "lib.adapters.aws.clients": _module("lib.adapters.aws.clients", client=_Client),
        "lib.adapters.sandbox.sandbox": _module(
            "lib.adapters.sandbox.sandbox", Sandbox=media.StubImages
        ),
        "lib.application.inspect_source": _module(
            "lib.application.inspect_source",
            inspect_source=films.inspect_source,
            pass_over=films.pass_over,
            scan_source=films.scan_source,
            Inspected=films.Inspected,
        ),
        "lib.video.assemble": _module("lib.video.assemble", assemble=films.assemble),
        "lib.video.encode.encode": _module(
            "lib.video.encode.encode", encode_video=films.encode_video
        ),
        "lib.video.encode.find_keyframe": _module(
            "lib.video.encode.find_keyframe", find_keyframe=films.find_keyframe
        ),
        "lib.video.encode.try_picture": _module(
            "lib.video.encode.try_picture", find_obstacle=films.find_obstacle
        ),
    }


REPLACED: Mapping[str, Any] = {
    "ThreadPoolExecutor": InlineExecutor,
    "TemporaryDirectory": NoFolder,
    "recipe_hash": media.recipe_hash,
    "recipe_of": media.recipe_of,
    "locate": films.locate,
    "make_animation": media.make_animation,
    "encode_with_ffmpeg": films.encode_part,
    "_store": films.store_part,
    "_children_ms": lambda: 0,
    "assemble_stored": films.assemble_stored,
}
"""Names in the functions' modules, and what they mean there."""
