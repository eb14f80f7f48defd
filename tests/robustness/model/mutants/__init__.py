"""The model is only worth what it finds: mistakes that it has to find, one line each.

Conditions of the fence dropped or weakened (`conditions`), what is written and answered beside them
(`answers`), what dispatch records (`recordings`), what is deleted (`sweeping`), and the order of a
worker's steps (`jobs`, `long_videos`). `patch` puts one into the functions that the model runs.

What is not here cannot break the model, because something else holds too: that a message of what
another works on comes back (the other's own message does), that the dead letter is sent before the
outcome is committed (what is given up may be claimed again), that a step asks for its own lease
before it works (its commit asks again), that planVideo looks whether it is wanted still (whoever
comes after it clears), that only the sequencer's own lease is lapsed (the answer says so before).
Tests of those parts hold them: tests/unit and tests/contract/test_catalog.py.

    python -m tests.robustness.model.mutants --write     # find a schedule for each, anew
"""
