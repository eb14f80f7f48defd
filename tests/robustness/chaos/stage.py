"""Deploy a local stage of this run's own, do a plan to it, and judge what became of each upload."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from layers.build import BuildError
from lib.tools.emulator import lifecycle, tcp_ports
from lib.tools.emulator.environment import EmulatorError
from lib.tools.stack import LOCAL, use_stage
from tests.e2e.deployed import Deployed
from tests.robustness.chaos import emulator, plan, proxy, report, story, truth
from tests.robustness.chaos.faults import Faults
from tests.robustness.chaos.invocations import Invocations
from tests.robustness.chaos.load import Load
from tests.robustness.chaos.media import Maker
from tests.robustness.chaos.plan import Deed, Fault, Options, Plan
from tests.robustness.chaos.report import Report
from tests.robustness.chaos.rest import Stage
from tests.robustness.chaos.truth import Broken

UPLOADS = 500
UPLOADS_PER_SECOND = 2.0
SETTLE_SECONDS = 300.0
MOST_STORIES = 6
PARAMS: Mapping[str, object] = {
    # A killed worker's message comes back after its visibility: within seconds, not minutes.
    "imageTimeout": 20,
    "imageVisibility": 22,
    "videoTimeout": 30,
    "videoVisibility": 32,
    "settleSeconds": 15,
    "shortSeconds": 1,
    "rangeSeconds": 1,
}


@dataclass(frozen=True, slots=True)
class Scene:
    """A deployed stage whose functions reach AWS through the proxy."""

    deployed: Deployed
    invocations: Invocations
    faults: Faults
    proxy: proxy.Proxy
    folder: Path


def add_arguments(group: argparse._ArgumentGroup) -> None:
    """Add what `--stage local` understands."""
    group.add_argument("--stage", choices=[LOCAL], help="deploy a stage, and do it there")
    group.add_argument("--uploads", type=int, default=UPLOADS, help=f"({UPLOADS})")
    group.add_argument(
        "--settle", type=float, default=SETTLE_SECONDS, help="seconds to come to rest, at most"
    )
    group.add_argument(
        "--folder", type=Path, help="where notes and logs are left (a temporary folder)"
    )
    group.add_argument(
        "--faults",
        type=_parse_faults,
        default=frozenset(Fault),
        metavar="LIST",
        help=f"none, all, or some of {','.join(Fault)} (all)",
    )


def _parse_faults(text: str) -> frozenset[Fault]:
    if text in ("none", "all"):
        return frozenset(Fault if text == "all" else ())
    return frozenset(map(Fault, text.split(",")))


def run(arguments: argparse.Namespace) -> int:
    """Return 0 where every invariant held, 1 where one broke, 2 where it could not be tried."""
    over = arguments.seconds or arguments.uploads / UPLOADS_PER_SECOND
    drawn = plan.draw(Options(arguments.seed, arguments.uploads, over, arguments.faults))
    try:
        with open_folder(arguments.folder) as folder, open_scene(drawn, folder) as scene:
            found = play(scene, drawn, arguments.settle)
    except (BuildError, EmulatorError) as exc:
        print(f"chaos: {exc}", file=sys.stderr)
        return 2
    print(found.to_text())
    if arguments.json:
        print(found.to_json())
    return 0 if found.ok else 1


@contextmanager
def open_folder(folder: Path | None) -> Iterator[Path]:
    """Make a folder, or use a temporary one for the length of a `with` block."""
    if folder:
        folder.mkdir(parents=True)
        yield folder
        return
    with TemporaryDirectory(prefix="chaos-") as name:
        yield Path(name)


@contextmanager
def open_scene(drawn: Plan, folder: Path) -> Iterator[Scene]:
    """Deploy to an emulator of its own, behind a proxy, for the length of a `with` block."""
    faults = Faults(drawn.seed, drawn.share)
    port, proxied = tcp_ports.any_free(), tcp_ports.any_free()
    with proxy.running(proxied, port, faults) as before:
        (folder / emulator.PORT).write_text(str(proxied))
        with lifecycle.running(port, folder, emulator.__file__) as local:
            local.deploy(LOCAL, params=PARAMS)
            use_stage(LOCAL, folder=folder)
            invocations = Invocations(folder / emulator.NOTES)
            yield Scene(Deployed(local), invocations, faults, before, folder)


def play(scene: Scene, drawn: Plan, settle: float) -> Report:
    """Do a plan to a stage, wait until it is at rest, and judge."""
    load = Load(scene.deployed, scene.invocations, Maker(scene.folder), scene.faults)
    stage = Stage(scene.deployed, scene.invocations)
    load.warm_up()
    started = time.time()
    scene.faults.active = True
    load.run(drawn)
    stage.wait_for_rest(time.time() - started)  # what the load has left behind meets faults too
    scene.faults.active = False
    moving = stage.wait_for_rest(settle)
    seconds = time.time() - started
    facts = stage.look(load.done.sent)
    invocations = scene.invocations.refresh()
    broken = tuple(truth.judge(facts, load.done, invocations, scene.deployed))
    done = load.done
    return Report(
        seed=drawn.seed,
        uploads=len(done.uploads),
        keys=len(facts.current),
        statuses=report.count_statuses(facts),
        kills=done.counts[Deed.KILL],
        stops=report.count_stops(done),
        failed_calls=report.count_calls(scene.faults),
        repeats=done.counts[Deed.REPEAT_EVENT] + done.counts[Deed.REPEAT_MESSAGE],
        poison=done.counts[Deed.POISON],
        deeds=dict(done.counts),
        calls=scene.proxy.calls,
        invocations=report.count_functions(invocations),
        killed=sum(each.killed for each in invocations),
        seconds=seconds,
        speed=report.measure(facts, done.uploads, invocations, scene.deployed.uploads),
        moving=moving,
        broken=broken,
        stories=_tell_stories(scene, load, broken),
    )


def _tell_stories(scene: Scene, load: Load, broken: tuple[Broken, ...]) -> dict[str, list[str]]:
    keys = list(dict.fromkeys(each.key for each in broken if each.key))[:MOST_STORIES]
    if not keys:
        return {}
    logs = story.read_logs()
    invocations = scene.invocations.refresh()
    return {
        key: story.tell(
            key, scene.deployed.uploads, load.done, invocations, scene.faults.done, logs
        )
        for key in keys
    }
