"""Make each boto3 client once a process, with time-outs that leave room for a retry."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Literal, overload

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

CONFIG = Config(
    connect_timeout=2,
    read_timeout=10,
    retries={"mode": "standard", "max_attempts": 4},
)
"""Seconds, and attempts after the first."""

# botocore still signs some regions' S3 URLs with version 2, which KMS-encrypted objects refuse.
S3_SIGNATURE = Config(signature_version="s3v4")


@overload
def client(service: Literal["dynamodb"]) -> DynamoDBClient: ...
@overload
def client(service: Literal["s3"]) -> S3Client: ...
@overload
def client(service: Literal["sns"]) -> SNSClient: ...
@overload
def client(service: Literal["sqs"]) -> SQSClient: ...
@overload
def client(service: Literal["stepfunctions"]) -> Any: ...
def client(service: Literal["dynamodb", "s3", "sns", "sqs", "stepfunctions"]) -> Any:
    """Return the process's client of a service."""
    return _make(service)


@cache
def _make(service: Literal["dynamodb", "s3", "sns", "sqs", "stepfunctions"]) -> Any:
    config = CONFIG.merge(S3_SIGNATURE) if service == "s3" else CONFIG
    return boto3.client(service, config=config)
