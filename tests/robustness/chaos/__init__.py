"""What breaks things by a seed: in the model, and on the local stage.

`stage.py` and what it imports do it on the real local stage: a load of uploads, while function
workers are killed and frozen and a proxy between the functions and the emulator makes calls fail.
"""
