"""What our functions and the state machine do, and what Lambda does with their roles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.infrastructure.calls import CALLS, UPLOADS, Call
from tests.infrastructure.deliveries import bucket_policy, find_function, queue_policy
from tests.infrastructure.edge import Edge
from tests.infrastructure.iam import Decision, Request, as_list, decide
from tests.infrastructure.stack import DanglingError, Stack

LAMBDA, STATES = "lambda.amazonaws.com", "states.amazonaws.com"
INTERFACES = (
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
)
"""https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html"""

READ_STREAM = ("dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream")
TAKE_MESSAGES = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
TRACE = ("xray:PutTraceSegments", "xray:PutTelemetryRecords")
WITHOUT_RESOURCE = {*INTERFACES, *TRACE}
SIGNING_KEY = "DELIVERY_PRIVATE_KEY"
"""Names a parameter where a stage has grants."""

SECRETS = ("WEBHOOK_SECRET", SIGNING_KEY)


def ask(stack: Stack, kind: str, who: str, action: str, arn: str, **context: str) -> Edge:
    """Ask whether the role of a function or machine allows an action on an ARN."""
    role = find_role(stack, who)
    base = arn.split("/")[0] if ":s3:::" in arn else arn
    target = stack.by_arn.get(base, arn)
    statements = role_policy(stack, role)
    if target in stack.resources and stack.resources[target]["Type"] == "AWS::S3::Bucket":
        statements += bucket_policy(stack, target)
    if target in stack.resources and stack.resources[target]["Type"] == "AWS::SQS::Queue":
        statements += queue_policy(stack, target)
    known = {"aws:SecureTransport": "true", **context}
    decision = decide(statements, Request(stack.arn(role), action, arn, known))
    fault = "" if decision is Decision.ALLOWED else f"{action} on {arn} is {decision.value}"
    return Edge(kind, f"{who} ({role})", target, fault, action)


def role_policy(stack: Stack, role: str) -> list[dict[str, Any]]:
    """Return the statements of a role."""
    properties = stack.properties(role)
    if properties.get("ManagedPolicyArns") or properties.get("PermissionsBoundary"):
        raise NotImplementedError(f"{role} has policies that are not in the template")
    return [
        statement
        for policy in properties.get("Policies", [])
        for statement in policy["PolicyDocument"]["Statement"]
    ]


def find_role(stack: Stack, who: str) -> str:
    """Return the logical id of a function's or a machine's role. Raises DanglingError."""
    properties = stack.properties(who)
    return stack.logical(properties.get("Role") or properties["RoleArn"])


def trusts(stack: Stack, who: str, service: str) -> Edge:
    """Ask whether a service may take the role of a function or machine."""
    role = find_role(stack, who)
    policy = stack.properties(role)["AssumeRolePolicyDocument"]["Statement"]
    context = {"aws:SourceAccount": stack.account, "aws:SourceArn": stack.arn(who)}
    decision = decide(policy, Request(service, "sts:AssumeRole", stack.arn(role), context))
    fault = "" if decision is Decision.ALLOWED else f"sts:AssumeRole is {decision.value}"
    return Edge("trust", service, role, fault)


def of_function(stack: Stack, function: str) -> Iterator[Edge]:
    """Lambda → logs, traces, network, layers; and the code → every resource that it calls."""
    properties = stack.properties(function)
    name = properties["FunctionName"]
    yield trusts(stack, function, LAMBDA)
    group = (
        f"arn:{stack.partition}:logs:{stack.region}:{stack.account}:log-group:/aws/lambda/{name}"
    )
    stack.logical(group)
    for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
        yield ask(stack, "Lambda → logs", function, action, f"{group}:log-stream:any")
    if properties.get("TracingConfig", {}).get("Mode") == "Active":
        for action in TRACE:
            yield ask(stack, "Lambda → X-Ray", function, action, "*")
    if "VpcConfig" in properties:
        for action in INTERFACES:
            yield ask(stack, "Lambda → VPC", function, action, "*")
            by_code = {"lambda:SourceFunctionArn": stack.arn(function)}
            if not ask(stack, "", function, action, "*", **by_code).fault:
                yield Edge("Lambda → VPC", function, "VPC", f"{action} is open to the code")
    for layer in properties.get("Layers", []):
        yield _layer(stack, function, stack.logical(layer))
    if key := properties["Environment"]["Variables"].get(SIGNING_KEY):
        arn = _parameter(stack, key)
        yield ask(stack, "Lambda → secret", function, "ssm:GetParameter", arn)
    for call in CALLS[name.removeprefix(f"{stack.name}-")]:
        action = call.local if stack.stage == "local" and call.local else call.action
        yield ask(stack, "Lambda → resource", function, action, _arn_of(stack, function, call))


def _layer(stack: Stack, function: str, layer: str) -> Edge:
    ours, theirs = stack.properties(function), stack.properties(layer)
    fits = ours["Architectures"] == theirs.get("CompatibleArchitectures") and [
        ours["Runtime"]
    ] == theirs.get("CompatibleRuntimes")
    return Edge("Lambda → layer", function, layer, "" if fits else "is not for its processor")


def _arn_of(stack: Stack, function: str, call: Call) -> str:
    """Return the ARN that a call asks for. Raises DanglingError."""
    if call.on == UPLOADS:
        buckets = stack.of_type("AWS::S3::Bucket")
        told = [name for name, each in buckets if "NotificationConfiguration" in each]
        if len(told) != 1:
            raise DanglingError(f"{function} gets the events of {told or 'no bucket'}")
        return stack.arn(told[0]) + call.below
    variables = stack.properties(function)["Environment"]["Variables"]
    if call.on not in variables:
        raise DanglingError(f"{function} is not told of {call.on}")
    value = variables[call.on]
    if call.action.startswith("ssm:"):
        return _parameter(stack, value)
    for logical in stack.by_arn.values():
        kinds = ("AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::SQS::Queue")
        named = stack.resources[logical]["Type"] in kinds and stack.resolve({"Ref": logical})
        if value in (named, stack.arn(logical)):
            arn = stack.arn(logical)
            if call.below and ":states:" in arn:
                arn = arn.replace(":stateMachine:", ":execution:")
            return arn + call.below
    raise DanglingError(f"{function}: {call.on} is {value}, which is not in the template")


def _parameter(stack: Stack, name: str) -> str:
    """Return the ARN of a parameter, which `media` makes, and not the template."""
    return f"arn:{stack.partition}:ssm:{stack.region}:{stack.account}:parameter{name}"


def _parameters(stack: Stack) -> Iterator[str]:
    for _, function in stack.of_type("AWS::Lambda::Function"):
        for each in SECRETS:
            if name := function["Environment"]["Variables"].get(each):
                yield _parameter(stack, name)


def of_mapping(stack: Stack, mapping: str) -> Iterator[Edge]:
    """SQS → Lambda and stream → Lambda: Lambda asks with the function's role."""
    properties = stack.properties(mapping)
    function = find_function(stack, properties["FunctionName"])
    arn = properties["EventSourceArn"]
    source = stack.logical(arn)
    if stack.resources[source]["Type"] == "AWS::SQS::Queue":
        for action in TAKE_MESSAGES:
            yield ask(stack, "SQS → Lambda", function, action, arn)
    else:
        for action in READ_STREAM:
            yield ask(stack, "stream → Lambda", function, action, arn)
        every = f"{stack.arn(source)}/stream/*"
        yield ask(stack, "stream → Lambda", function, "dynamodb:ListStreams", every)
    yield from _destination(stack, function, properties)


def of_invoke_config(stack: Stack, config: str) -> Iterator[Edge]:
    """Lambda → destination, for what was called asynchronously."""
    properties = stack.properties(config)
    yield from _destination(stack, find_function(stack, properties["FunctionName"]), properties)


def _destination(stack: Stack, function: str, properties: dict[str, Any]) -> Iterator[Edge]:
    for each in properties.get("DestinationConfig", {}).values():
        stack.logical(each["Destination"])
        yield ask(stack, "Lambda → destination", function, "sqs:SendMessage", each["Destination"])


def of_state_machine(stack: Stack, machine: str) -> Iterator[Edge]:
    """Step Functions → Lambda, and → itself for distributed maps."""
    yield trusts(stack, machine, STATES)
    arn = stack.arn(machine)
    for state in _states(stack.properties(machine)["Definition"]):
        if state["Type"] == "Task":
            function = find_function(stack, state["Resource"])
            invoke = "lambda:InvokeFunction"
            yield ask(stack, "Step Functions → Lambda", machine, invoke, stack.arn(function))
        if state.get("ItemProcessor", {}).get("ProcessorConfig", {}).get("Mode") == "DISTRIBUTED":
            kind = "Step Functions → itself"
            yield ask(stack, kind, machine, "states:StartExecution", arn)
            executions = arn.replace(":stateMachine:", ":execution:")
            for action in ("states:DescribeExecution", "states:StopExecution"):
                for started in (executions, f"{executions}/{state['Label']}"):
                    yield ask(stack, kind, machine, action, f"{started}:any")


def _states(machine: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for state in machine["States"].values():
        yield state
        for inner in (*state.get("Branches", ()), state.get("ItemProcessor")):
            if inner:
                yield from _states(inner)


def of_role(stack: Stack, role: str) -> Iterator[Edge]:
    """What a role may do is to something of this template."""
    for statement in role_policy(stack, role):
        for pattern in as_list(statement["Resource"]):
            if pattern == "*" and set(as_list(statement["Action"])) <= WITHOUT_RESOURCE:
                continue
            known = any(_names(pattern, arn) for arn in (*stack.by_arn, *_parameters(stack)))
            fault = "" if known else f"{pattern} names nothing of the template"
            yield Edge("grant", role, statement.get("Sid", "logs"), fault)


def _names(pattern: str, arn: str) -> bool:
    """Tell whether a pattern is a resource, or something inside of it."""
    inside = arn.replace(":stateMachine:", ":execution:")
    return any(
        pattern == each or pattern.startswith((f"{each}/", f"{each}:")) for each in (arn, inside)
    )
