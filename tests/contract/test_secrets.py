"""Secrets of the parameter store, against moto."""

import boto3
import pytest
from moto import mock_aws

from lib.adapters.aws.ssm import read_secret
from lib.domain.errors import TransientError


@mock_aws
def test_a_secret_is_decrypted():
    client = boto3.client("ssm", region_name="us-east-1")
    client.put_parameter(Name="/a/key", Value="-----BEGIN\nkey", Type="SecureString")
    assert read_secret(client, "/a/key") == "-----BEGIN\nkey"


@mock_aws
def test_a_secret_that_is_not_there_may_come():
    client = boto3.client("ssm", region_name="us-east-1")
    with pytest.raises(TransientError, match="/a/key"):
        read_secret(client, "/a/key")
