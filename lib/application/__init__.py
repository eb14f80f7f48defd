"""Use cases: what happens to an upload, with ports as arguments."""
