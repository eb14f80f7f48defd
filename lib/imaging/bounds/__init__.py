"""What a source's header may ask of its decoder: from header to refusal.

A check reads a source's own structure, decodes nothing and runs before any decoder sees the bytes.
What it lets pass costs its decoder at most a constant and a factor of the bytes received:
docs/operations.md has both, docs/adr/0021 the reasons. All raise PermanentError(LIMIT_EXCEEDED),
and ValueError, IndexError or struct.error for what is nonsense: `decode.blaming_the_source` makes
CORRUPT_MEDIA of them.
"""
