"""What `npm run …` and `npm test` run beside the `media` command."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The repository."""
