"""`sls info` says where a stage can be reached."""

from __future__ import annotations

import re
import subprocess

from lib.tools import ROOT
from lib.tools.emulator import lifecycle
from tests.e2e.deployed import STACK, Deployed


def test_sls_info_shows_the_addresses_of_a_stage_and_no_others(deployed: Deployed) -> None:
    done = subprocess.run(
        [lifecycle.SLS, "info", "--stage", "local"],
        cwd=ROOT,
        env=deployed.emulator.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    shown = dict(re.findall(r"^  (\w+): (\S+)$", done.stdout.partition("addresses:")[2], re.M))
    assert {"ApiUrl", "DeliveryUrl", "GalleryUrl", "RenditionsUrl", "UploadsBucket"} <= set(shown)
    assert shown == {name: deployed.outputs[name] for name in shown}
    assert "amazonaws.com" not in done.stdout, "nothing of this stage is there"


def test_a_stage_is_tagged_with_its_name(deployed: Deployed) -> None:
    (stack,) = deployed.stacks.describe_stacks(StackName=STACK)["Stacks"]
    assert {"Key": "STAGE", "Value": "local"} in stack["Tags"]
