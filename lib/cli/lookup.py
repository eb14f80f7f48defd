"""Find the asset that a command is about."""

from __future__ import annotations

from lib.adapters.aws.dynamodb_catalog import DynamoCatalog
from lib.cli.arguments import CommandError, require_unicode
from lib.domain.asset import Asset
from lib.domain.keys import asset_id
from lib.tools.stack import Stack


def find_asset(name: str, catalog: DynamoCatalog, stack: Stack) -> Asset:
    """Return the asset with an id or a key. Raises CommandError."""
    require_unicode(name)
    # The id first: an uploader could call a key like another's.
    found = name and (catalog.get(name) or catalog.get(asset_id(stack.uploads, name)))
    if not found:
        raise CommandError(f"no asset has the id or key {name} in stage {stack.stage}")
    return found
