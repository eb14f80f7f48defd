"""Every property against the providers' schemas that cfn-lint ships, with its other rules."""

from __future__ import annotations

import copy
import json
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from cfnlint import api
from cfnlint.config import ManualArgs

from tests.infrastructure.conftest import LONGEST
from tests.infrastructure.stack import TEMPLATE, Stack

SUPPRESSED = {
    "W3005": "osls writes a DependsOn beside each reference to a role, which says it already",
    "W3037": "the emulator's own action sns:PublishBatch, which is not asked of AWS",
}
"""Rule ▸ why it is not followed. One that has nothing to say any more does not belong here."""

ONLY = {"W3037": {"local"}}


def test_the_schemas_have_nothing_to_say(stack: Stack) -> None:
    regions = [stack.region] if stack.stage == LONGEST else [stack.region, "eu-central-1"]
    found = defaultdict(list)
    for match in api.lint_file(stack.folder / TEMPLATE, ManualArgs(regions=regions)):
        found[match.rule.id].append(f"{'.'.join(map(str, match.path))}: {match.message}")
    expected = {rule for rule in SUPPRESSED if stack.stage in ONLY.get(rule, {stack.stage})}
    assert {rule: said for rule, said in found.items() if rule not in expected} == {}
    assert set(found) == expected


def test_a_value_that_a_schema_refuses_is_seen(
    stack_of: Callable[[str], Stack], tmp_path: Path
) -> None:
    template = copy.deepcopy(stack_of("dev").template)
    template["Resources"]["NotifyLambdaFunction"]["Properties"]["Timeout"] = 901
    template["Resources"]["SweepLambdaFunction"]["Properties"]["MaximumSpeed"] = 1
    changed = tmp_path / TEMPLATE
    changed.write_text(json.dumps(template))
    said = " ".join(match.message for match in api.lint_file(changed))
    assert "901" in said
    assert "MaximumSpeed" in said
