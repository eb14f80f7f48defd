"""What the deployed stage's webhook is told of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import boto3

NOTHING: dict[str, Any] = {"type": ["none"]}
EVERYTHING: dict[str, Any] = {}
"""Filter policies of its subscription."""


def tell_webhook(environment: Mapping[str, str], policy: Mapping[str, Any]) -> None:
    """Have the webhook's queue hear of those asset events that a policy lets through."""
    sns = boto3.client(
        "sns",
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        region_name=environment["AWS_DEFAULT_REGION"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
    )
    pages = sns.get_paginator("list_subscriptions").paginate()
    [subscription] = [
        each["SubscriptionArn"]
        for page in pages
        for each in page["Subscriptions"]
        if "WebhookQueue" in each["Endpoint"]
    ]
    sns.set_subscription_attributes(
        SubscriptionArn=subscription,
        AttributeName="FilterPolicy",
        AttributeValue=json.dumps(policy),
    )
