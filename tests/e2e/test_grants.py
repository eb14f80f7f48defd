"""Least privilege, proven both ways: what is granted is used, and nothing that is asked is denied.

Runs last (see conftest.py), and only after all of `tests/e2e`: what a part of it uses says nothing.
"""

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.e2e.grants import Stage, excuses, unused

WRITERS = ("ProcessImageRole", "ProcessVideoRole", "EncodeRangeRole", "PackageVideoRole")
DELETERS = ("SweepRole", "FailVideoRole", "ReconcileRole")


@pytest.fixture(scope="module")
def stage(deployed):
    return Stage(deployed.emulator)


@pytest.fixture
def acting_as(stage):
    """Return a function from a role to an S3 client that may do what the role may."""
    iam = boto3.client("iam")
    users = []

    def act(role):
        name = f"acts-as-{role}"
        iam.create_user(UserName=name)
        users.append(name)
        for number, document in enumerate(stage.policies(role)):
            iam.put_user_policy(UserName=name, PolicyName=str(number), PolicyDocument=document)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return boto3.client(
            "s3",
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=key["SecretAccessKey"],
        )

    yield act
    for name in users:
        for policy in iam.list_user_policies(UserName=name)["PolicyNames"]:
            iam.delete_user_policy(UserName=name, PolicyName=policy)
        for each in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
            iam.delete_access_key(UserName=name, AccessKeyId=each["AccessKeyId"])
        iam.delete_user(UserName=name)


def refused(call, **arguments):
    with pytest.raises(ClientError, match="AccessDenied"):
        call(**arguments)
    return True


@pytest.mark.parametrize("role", [*WRITERS, "PlanVideoRole", *DELETERS])
def test_no_function_changes_what_operators_configure(deployed, acting_as, role):
    logo = {"Bucket": deployed.renditions, "Key": "config/a/b/work/logo.png"}
    deployed.s3.put_object(**logo, Body=b"the operator's")
    s3 = acting_as(role)
    assert refused(s3.put_object, **logo, Body=b"another")
    assert refused(s3.delete_object, **logo)
    if role in WRITERS:
        s3.put_object(Bucket=deployed.renditions, Key="asset/tag/recipe/320.webp", Body=b"made")


def test_the_plan_of_a_long_source_is_all_that_its_first_step_writes(deployed, acting_as):
    s3 = acting_as("PlanVideoRole")
    below = f"{'a' * 32}/tag/recipe"
    s3.put_object(Bucket=deployed.renditions, Key=f"{below}/work/plan.json", Body=b"{}")
    assert refused(
        s3.put_object, Bucket=deployed.renditions, Key=f"{below}/manifest.json", Body=b"{}"
    )


@pytest.mark.needs_all_of_e2e
def test_every_grant_was_used_or_has_a_reason(stage):
    waiting = unused(stage.grants(), stage.decisions())
    reasons = excuses(stage)
    superfluous = [each for each in waiting if not any(why.holds(each) for why in reasons)]
    assert not superfluous, "\n".join(map(str, superfluous))
    stale = [why.why for why in reasons if not any(map(why.holds, waiting))]
    assert not stale, "reasons that excuse nothing any more"


@pytest.mark.needs_all_of_e2e
def test_nothing_that_a_function_asked_for_was_denied(stage):
    assert [each for each in stage.decisions() if not each.allowed] == []
