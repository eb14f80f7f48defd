"""An emulator of AWS on this machine: the stage `local`.

`lifecycle.py` starts, finds and stops it; `server.py` is the program that is started: ministack,
with `patches.py` in it and `request_filter.py` in front.
"""
