"""Advisories fail the audit, what cannot be looked up is said, and versions inside are printed."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from layers import advisories


@pytest.fixture
def say(tmp_path: Path, capsys):
    """Return what the audit makes of an answer of pip-audit, or of its silence."""

    def run(dependencies: list[dict[str, object]] | None) -> tuple[int, str]:
        layer = tmp_path / "imaging"
        layer.mkdir()
        (layer / "requirements.txt").write_text("pillow==13.0.0\n")
        program = tmp_path / "pip-audit"
        answer = json.dumps({"dependencies": dependencies, "fixes": []}) if dependencies else ""
        program.write_text(
            f"#!{sys.executable}\nimport sys\nprint({answer!r}, end='')\n"
            "print('ConnectionError: no route', file=sys.stderr)\n"
        )
        program.chmod(0o755)
        code = advisories.main(str(program), tmp_path)
        return code, capsys.readouterr().out

    return run


def test_an_advisory_fails(say):
    vulns = [{"id": "PYSEC-2026-1", "fix_versions": ["13.0.1"], "aliases": []}]
    code, said = say([{"name": "pillow", "version": "13.0.0", "vulns": vulns}])
    assert (code, said) == (1, "imaging: pillow 13.0.0: PYSEC-2026-1, fixed in 13.0.1\n")


def test_none_passes(say):
    code, said = say([{"name": "pillow", "version": "13.0.0", "vulns": []}])
    assert (code, said) == (0, "imaging: pillow 13.0.0: no known advisory\n")


def test_what_cannot_be_looked_up_is_said(say):
    code, said = say([{"name": "pillow", "skip_reason": "not found"}])
    assert (code, said) == (0, "imaging: NOT COMPARED with advisories: not found\n")


def test_that_nothing_can_be_reached_is_said(say):
    code, said = say(None)
    assert code == 0
    assert said == "imaging: NOT COMPARED with advisories: ConnectionError: no route\n"
