"""Read changes once more from the table's stream, by their sequence numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError, ParamValidationError

from lib.adapters.aws.errors import error_code, translated
from lib.application.redrive.letters import Batch
from lib.domain.errors import ErrorCode, TransientError

FORGOTTEN = frozenset(
    {"TrimmedDataAccessException", "ResourceNotFoundException", "ValidationException"}
)
"""After 24 hours; after the table, or its stream, was made anew; and what never was in it."""
MOST_PAGES = 200
"""A page may be empty, and is not the last for that; the changes of one batch are together."""


class DynamoStream:
    """The streams that a table has had, by the ARNs that Lambda's records of failures have."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def read(self, batch: Batch) -> list[dict[str, Any]] | None:
        """Return a batch's records as a function is given them; None where any is forgotten.

        Those that the function's filter left out are among them. Raises TransientError.
        """
        records = []
        if f":table/{self._table}/stream/" not in batch.stream_arn:
            return None
        with translated():
            try:
                for record in self._records_from(batch):
                    records.append(_as_delivered(record, batch.stream_arn))
                    if int(record["dynamodb"]["SequenceNumber"]) >= int(batch.last):
                        return records
            except ClientError as exc:
                if error_code(exc) not in FORGOTTEN:
                    raise
            except ParamValidationError:
                return None
        return None

    def _records_from(self, batch: Batch) -> Iterator[Mapping[str, Any]]:
        iterator = self._client.get_shard_iterator(
            StreamArn=batch.stream_arn,
            ShardId=batch.shard_id,
            ShardIteratorType="AT_SEQUENCE_NUMBER",
            SequenceNumber=batch.first,
        )["ShardIterator"]
        for _ in range(MOST_PAGES):
            page = self._client.get_records(ShardIterator=iterator)
            yield from page["Records"]
            iterator = page.get("NextShardIterator")
            if not iterator:
                return
        reason = f"{MOST_PAGES} pages of the stream do not hold what begins at {batch.first}"
        raise TransientError(ErrorCode.SERVICE_UNAVAILABLE, reason)


def _as_delivered(record: Mapping[str, Any], stream_arn: str) -> dict[str, Any]:
    """Return a record as Lambda's event has it: JSON, with the stream's name."""
    change = dict(record["dynamodb"])
    change["ApproximateCreationDateTime"] = change["ApproximateCreationDateTime"].timestamp()
    return {**record, "dynamodb": change, "eventSourceARN": stream_arn}
