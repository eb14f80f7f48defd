"""The table of an HDR film has the colours of HDR stills, and is there for nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from lib.domain.media import AudioProbe, VideoProbe
from lib.imaging.color.tone_map import Hdr, map_signals
from lib.video.encode.tone_table import POINTS, TABLE, remove_table, write_table


@pytest.mark.parametrize("transfer", ["pq", "hlg"])
def test_a_table_has_what_the_curve_makes_of_each_signal(transfer: str, tmp_path: Path):
    write_table(VideoProbe(transfer=transfer), tmp_path)
    head, *lines = (tmp_path / TABLE).read_text("ascii").splitlines()
    assert head == f"LUT_3D_SIZE {POINTS}"
    assert len(lines) == POINTS**3
    convert = map_signals(Hdr(transfer))
    for red, green, blue in [(0, 0, 0), (32, 32, 32), (16, 16, 16), (20, 10, 5), (3, 17, 19)]:
        received = [float(each) for each in lines[red + POINTS * (green + POINTS * blue)].split()]
        signals = (each / (POINTS - 1) for each in (red, green, blue))
        exact = [min(max(each, 0.0), 1.0) for each in convert(*signals)]
        assert received == pytest.approx(exact, abs=1e-5)
    remove_table(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("probe", [VideoProbe(), AudioProbe()])
def test_other_sources_have_none(probe: AudioProbe, tmp_path: Path):
    write_table(probe, tmp_path)
    remove_table(tmp_path)
    assert list(tmp_path.iterdir()) == []
