"""A packaged template with its intrinsics resolved: the names and ARNs that AWS would see."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

TEMPLATE = "cloudformation-template-update-stack.json"
NO_VALUE = {"Ref": "AWS::NoValue"}
GENERATED = "0123456789AB"
"""What CloudFormation appends to a name that the template does not give."""

ARNS = {
    # As permissions name it: every method and path of every stage.
    "AWS::ApiGatewayV2::Api": "execute-api:{region}:{account}:{name}/*",
    "AWS::CloudFront::Distribution": "cloudfront::{account}:distribution/{name}",
    "AWS::DynamoDB::Table": "dynamodb:{region}:{account}:table/{name}",
    "AWS::Events::Rule": "events:{region}:{account}:rule/{name}",
    "AWS::IAM::Role": "iam::{account}:role/{name}",
    "AWS::Lambda::Function": "lambda:{region}:{account}:function:{name}",
    "AWS::Lambda::LayerVersion": "lambda:{region}:{account}:layer:{name}:1",
    "AWS::Logs::LogGroup": "logs:{region}:{account}:log-group:{name}",
    "AWS::S3::Bucket": "s3:::{name}",
    "AWS::SNS::Topic": "sns:{region}:{account}:{name}",
    "AWS::SQS::Queue": "sqs:{region}:{account}:{name}",
    "AWS::StepFunctions::StateMachine": "states:{region}:{account}:stateMachine:{name}",
}
NAMES = {
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::CloudWatch::Dashboard": "DashboardName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::Events::Rule": "Name",
    "AWS::IAM::Role": "RoleName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Lambda::LayerVersion": "LayerName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::StepFunctions::StateMachine": "StateMachineName",
}
"""The property that names a resource; what has none is named by CloudFormation."""

HOSTS = {
    "DomainName": "{name}.cloudfront.net",
    "FunctionARN": "{name}",
    "FunctionUrl": "https://{name}.lambda-url.{region}.on.aws/",
    "RegionalDomainName": "{name}.s3.{region}.amazonaws.com",
}
"""Attributes that are addresses; what AWS generates in them is the resource's name here."""

REF_IS_ARN = {
    "AWS::Lambda::LayerVersion",
    "AWS::SNS::Topic",
    "AWS::StepFunctions::StateMachine",
}


class DanglingError(Exception):
    """A reference to what is not in the template; the message names both."""


@dataclass(frozen=True)
class Stack:
    """One stage's packaged template, as it would be created in one region."""

    template: dict[str, Any]
    stage: str
    region: str = "us-east-1"
    account: str = "000000000000"
    partition: str = "aws"
    folder: Path = field(default=Path(), compare=False)

    @property
    def name(self) -> str:
        """Return the stack's own name."""
        return f"media-pipeline-{self.stage}"

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        """Return all resources by logical id, unresolved."""
        found: dict[str, dict[str, Any]] = self.template["Resources"]
        return found

    def of_type(self, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the logical id and the resolved properties of each resource of a type."""
        for logical, each in self.resources.items():
            if each["Type"] == kind:
                yield logical, self.properties(logical)

    def properties(self, logical: str) -> dict[str, Any]:
        """Return a resource's properties, resolved. Raises DanglingError."""
        if logical not in self._resolved:
            self._resolved[logical] = self.resolve(self.resources[logical].get("Properties", {}))
        return self._resolved[logical]

    @cached_property
    def _resolved(self) -> dict[str, dict[str, Any]]:
        return {}

    def physical(self, logical: str) -> str:
        """Return the name that a resource has in AWS. Raises DanglingError."""
        each = self._find(logical)
        given = each.get("Properties", {}).get(NAMES.get(each["Type"], ""))
        name = self.resolve(given) if given else f"{self.name}-{logical}-{GENERATED}"
        return name.lower() if each["Type"] == "AWS::S3::Bucket" else name

    def named(self) -> dict[str, str]:
        """Return the names that the template gives, by logical id."""
        return {
            logical: self.physical(logical)
            for logical, each in self.resources.items()
            if NAMES.get(each["Type"], "") in each.get("Properties", {})
        }

    def arn(self, logical: str) -> str:
        """Return a resource's ARN. Raises DanglingError."""
        kind = self._find(logical)["Type"]
        name = self.physical(logical)
        tail = ARNS[kind].format(region=self.region, account=self.account, name=name)
        return f"arn:{self.partition}:{tail}"

    @cached_property
    def by_arn(self) -> dict[str, str]:
        """Return the logical id of each resource that has an ARN."""
        known = {name for name, each in self.resources.items() if each["Type"] in ARNS}
        arns = {self.arn(name): name for name in sorted(known)}
        return arns | {
            self._get_att(name, "StreamArn"): name
            for name, each in self.resources.items()
            if "StreamSpecification" in each.get("Properties", {})
        }

    def logical(self, arn: str) -> str:
        """Return the logical id of the resource with an ARN. Raises DanglingError."""
        if arn not in self.by_arn:
            raise DanglingError(f"{arn} is no resource of the template")
        return self.by_arn[arn]

    def logical_of(self, name: str) -> str:
        """Return the logical id of the resource with a name. Raises DanglingError."""
        for logical in self.resources:
            if self.physical(logical) == name:
                return logical
        raise DanglingError(f"{name} is no resource of the template")

    def resolve(self, value: Any) -> Any:
        """Return a value with all intrinsics replaced by what they mean. Raises DanglingError."""
        if isinstance(value, list):
            return [self.resolve(each) for each in value if each != NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            [(name, argument)] = value.items()
            if name == "Ref":
                return self._ref(argument)
            if name.startswith("Fn::"):
                return self._intrinsic(name, argument)
        return {key: self.resolve(each) for key, each in value.items() if each != NO_VALUE}

    def _intrinsic(self, name: str, argument: Any) -> str | list[str]:
        if name == "Fn::GetAtt":
            logical, attribute = argument if isinstance(argument, list) else argument.split(".", 1)
            return self._get_att(logical, attribute)
        if name == "Fn::Join":
            return str(argument[0]).join(map(str, self.resolve(argument[1])))
        if name == "Fn::Select":
            return str(self.resolve(argument[1])[int(argument[0])])
        if name == "Fn::Split":
            return str(self.resolve(argument[1])).split(argument[0])
        if name == "Fn::Sub" and isinstance(argument, str):
            return re.sub(r"\$\{([^!}][^}]*)\}", self._substitute, argument)
        raise NotImplementedError(f"{name} {json.dumps(argument)}")

    def _substitute(self, found: re.Match[str]) -> str:
        logical, _, attribute = found[1].partition(".")
        return self._get_att(logical, attribute) if attribute else self._ref(logical)

    def _ref(self, logical: str) -> str:
        pseudo = {
            "AWS::AccountId": self.account,
            "AWS::Partition": self.partition,
            "AWS::Region": self.region,
            "AWS::StackName": self.name,
            "AWS::URLSuffix": "amazonaws.com",
        }
        if logical in pseudo:
            return pseudo[logical]
        kind = self._find(logical)["Type"]
        if kind in REF_IS_ARN:
            return self.arn(logical)
        if kind == "AWS::SQS::Queue":
            return (
                f"https://sqs.{self.region}.amazonaws.com/{self.account}/{self.physical(logical)}"
            )
        return self.physical(logical)

    def _get_att(self, logical: str, attribute: str) -> str:
        if attribute == "Arn":
            log_group = self._find(logical)["Type"] == "AWS::Logs::LogGroup"
            return self.arn(logical) + (":*" if log_group else "")
        if attribute in ("QueueName", "TopicName", "Name", "Id"):
            return self.physical(logical)
        if attribute == "ApiEndpoint":
            return f"https://{self.physical(logical)}.execute-api.{self.region}.amazonaws.com"
        if attribute in HOSTS:
            return HOSTS[attribute].format(name=self.physical(logical), region=self.region)
        if attribute == "StreamArn":
            if "StreamSpecification" not in self._find(logical)["Properties"]:
                raise DanglingError(f"{logical} has no stream")
            return f"{self.arn(logical)}/stream/2026-01-01T00:00:00.000"
        raise NotImplementedError(f"{logical}.{attribute}")

    def _find(self, logical: str) -> dict[str, Any]:
        if logical not in self.resources:
            raise DanglingError(f"{logical} is not in the template")
        return self.resources[logical]


def read_stack(folder: Path, stage: str, region: str = "us-east-1") -> Stack:
    """Return the stack that `sls package` wrote into a folder."""
    return Stack(json.loads((folder / TEMPLATE).read_text()), stage, region, folder=folder)
