"""Make each boto3 client once a process, with time-outs that leave room for a retry."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Literal, overload

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

CONFIG = Config(
    connect_timeout=2,
    read_timeout=10,
    retries={"mode": "standard", "max_attempts": 4},
)
"""Seconds, and attempts after the first."""

# botocore still signs some regions' S3 URLs with version 2, which KMS-encrypted objects refuse. And
# it signs all for us-east-1's host, which redirects a new bucket's elsewhere, where a browser does
# not follow what it had to ask for first: `virtual` is what gives the region's own host. `regional`
# gives us-east-1 one that says so, as others have: it is the one that the gallery's page may use.
# A function that is waited for may take its time.
OTHERWISE = {
    "s3": Config(
        signature_version="s3v4",
        s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"},
    ),
    "lambda": Config(read_timeout=60),
}

Service = Literal[
    "dynamodb", "dynamodbstreams", "lambda", "s3", "sns", "sqs", "ssm", "stepfunctions"
]


@overload
def client(service: Literal["dynamodb"]) -> DynamoDBClient: ...
@overload
def client(service: Literal["s3"]) -> S3Client: ...
@overload
def client(service: Literal["sns"]) -> SNSClient: ...
@overload
def client(service: Literal["sqs"]) -> SQSClient: ...
@overload
def client(service: Literal["lambda"]) -> LambdaClient: ...
@overload
def client(service: Literal["dynamodbstreams", "ssm", "stepfunctions"]) -> Any: ...
def client(service: Service) -> Any:
    """Return the process's client of a service."""
    return _make(service)


@cache
def copying_client() -> S3Client:
    """Return the process's client for copies within S3, which asks once.

    S3 answers when all is copied. A copy that is asked for again where the answer is late is a
    version more, and a job more.
    """
    once = Config(read_timeout=15, retries={"mode": "standard", "total_max_attempts": 1})
    made: S3Client = boto3.client("s3", config=CONFIG.merge(OTHERWISE["s3"]).merge(once))
    return made


@cache
def _make(service: Service) -> Any:
    return boto3.client(service, config=CONFIG.merge(OTHERWISE.get(service, Config())))
