"""An emulator of AWS on this machine: the stage `local`.

`lifecycle.py` starts, finds and stops it; `server.py` is the program that is started: ministack,
with `patches.py` and `s3_patches.py` in it. `request_filter.py` is in front, with the doors in it.
"""
