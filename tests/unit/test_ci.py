"""What CI runs is pinned, installed by hash, and may do no more than it has to."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
SCRIPTS = [*WORKFLOWS, ROOT / ".ci/run", ROOT / ".ci/audit"]


def jobs():
    for path in WORKFLOWS:
        yield from yaml.safe_load(path.read_text())["jobs"].items()


def test_actions_are_pinned_to_commits_and_say_their_release():
    used = [line for path in WORKFLOWS for line in path.read_text().splitlines() if "uses:" in line]
    assert used
    for line in used:
        assert re.search(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line


def test_jobs_ask_for_the_permissions_that_they_need():
    for path in WORKFLOWS:
        assert yaml.safe_load(path.read_text())["permissions"] == {}
    granted = {name: job["permissions"] for name, job in jobs()}
    assert granted == {
        "check": {"contents": "read"},
        "deploy": {"contents": "read", "id-token": "write"},
    }


def test_checking_out_leaves_no_token():
    for _, job in jobs():
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


def test_packages_are_there_before_credentials_are():
    steps = dict(jobs())["deploy"]["steps"]
    order = [step.get("run") or step["uses"].split("@")[0] for step in steps]
    credentials = order.index("aws-actions/configure-aws-credentials")
    assert order.index("npm ci --ignore-scripts") < credentials
    assert not [step for step in order[credentials:] if "install" in step or "npm ci" in step]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_everything_is_installed_by_hash_and_runs_nothing_at_install(path):
    for line in path.read_text().splitlines():
        if "pip" in line and " install " in line:
            assert "--require-hashes" in line
        if re.search(r"npm (ci|i|install)\b", line):
            assert "npm ci --ignore-scripts" in line


def test_npm_runs_no_scripts_of_packages_for_anybody():
    assert "ignore-scripts=true" in (ROOT / ".npmrc").read_text().splitlines()


def test_what_checkov_lets_pass_has_a_reason():
    lines = (ROOT / ".ci/checkov.yml").read_text().splitlines()
    skipped = lines[lines.index("skip-check:") + 1 :]
    assert skipped[0].startswith("  # ")
    for above, line in pairwise(skipped):
        assert line.startswith("  # ") or re.fullmatch(r"  - CKV_AWS_\d+", line)
        if line.startswith("  - "):
            assert above.startswith(("  # ", "  - "))
