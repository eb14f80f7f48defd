"""List the catalog's entries, the last changed first, by one of the table's two indexes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lib.adapters.aws.dynamodb_items import readable_assets
from lib.adapters.aws.dynamodb_table import BY_STATUS
from lib.adapters.aws.errors import translated
from lib.domain.asset import Asset, AssetStatus

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BY_FOLDER = "by-folder"
"""It is there where the part `api` is."""


class DynamoIndex:
    """The indexes lag a little behind the table."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def of_status(
        self, status: AssetStatus, *, until: str | None, page_size: int
    ) -> Iterator[Asset]:
        """Iterate over the entries of a status. See `lib.application.doors.ports.AssetIndex`."""
        return self._query((BY_STATUS, "status", status.value), until, page_size)

    def of_folder(self, folder: str, *, until: str | None, page_size: int) -> Iterator[Asset]:
        """Iterate over the entries of a folder. See `lib.application.doors.ports.AssetIndex`."""
        return self._query((BY_FOLDER, "folder", folder), until, page_size)

    def _query(
        self, partition: tuple[str, str, str], until: str | None, page_size: int
    ) -> Iterator[Asset]:
        index, name, value = partition
        condition, values = "#partition = :partition", {":partition": {"S": value}}
        names = {"#partition": name}
        if until is not None:
            condition += " AND #updated_at <= :until"
            names["#updated_at"] = "updated_at"
            values[":until"] = {"S": until}
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=index,
            KeyConditionExpression=condition,
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=values,
            ScanIndexForward=False,
            PaginationConfig={"PageSize": page_size},
        )
        with translated():
            for page in pages:
                yield from readable_assets(page["Items"])
