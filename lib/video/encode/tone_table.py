"""Write the tone map of HDR frames as ffmpeg reads one (Adobe, Cube LUT Specification 1.0)."""

from __future__ import annotations

from pathlib import Path

from lib.domain.media import AudioProbe, VideoProbe
from lib.imaging.color.tone_map import Hdr, map_signals

TABLE = "tone-map.cube"
POINTS = 33
"""Along each axis; ffmpeg looks for the nearest four of a tetrahedron, so that greys stay grey.
65 were as near to the curve (0.5 ΔE2000 in the mean of 128 colours)."""


def write_table(probe: AudioProbe, folder: Path) -> None:
    """Write the table that the graph of an HDR source reads, for any other source none."""
    transfer = probe.transfer if isinstance(probe, VideoProbe) else None
    if not transfer:
        return
    convert = map_signals(Hdr(transfer))
    signals = [point / (POINTS - 1) for point in range(POINTS)]
    with (folder / TABLE).open("w", encoding="ascii") as file:
        file.write(f"LUT_3D_SIZE {POINTS}\n")
        for blue in signals:
            for green in signals:
                colors = (convert(red, green, blue) for red in signals)
                # What no display has would tint its neighbours, once it is luma and chroma.
                file.writelines(
                    "{:.5f} {:.5f} {:.5f}\n".format(*(min(max(each, 0.0), 1.0) for each in color))
                    for color in colors
                )


def remove_table(folder: Path) -> None:
    """Remove what `write_table` may have written."""
    (folder / TABLE).unlink(missing_ok=True)
