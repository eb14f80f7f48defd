"""What the emulator's workers have: the code and layers that all of them share."""

from pathlib import Path

from tests.e2e.deployed import FUNCTIONS

MEDIA = Path(__file__).parent.parent / "media"


def test_workers_share_what_is_unzipped(deployed):
    key = "workers/cat.jp2"
    deployed.wait(key, deployed.upload(key, MEDIA / "cat.jp2"))
    workers = list((deployed.emulator.folder / "emulator/tmp").glob(f"*{FUNCTIONS}*"))
    layers = [each for worker in workers for each in worker.glob("layer_?")]
    code = [worker / "code" for worker in workers]
    assert len(workers) > 1
    assert all(each.is_symlink() for each in layers + code)
    assert len({each.resolve() for each in layers}) < len(layers)
    functions = {
        worker.name.removeprefix("ministack-lambda-").rsplit("-", 1)[0] for worker in workers
    }
    assert len({each.resolve() for each in code}) == len(functions)
