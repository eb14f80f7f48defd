"""The template that `sls package` makes of serverless.yml, for every stage."""

import itertools
import json
import re

from tests.infrastructure.conftest import LONGEST
from tests.infrastructure.roles import INTERFACES, TRACE
from tests.support.functions import functions_of

FORCED_BY_AWS = {
    "prod": {(action, "*") for action in TRACE},
    LONGEST: {(action, "*") for action in INTERFACES},
}
"""Actions that take no resource, by the stage that asks for what needs them."""


def of_type(resources, kind):
    return {name: each["Properties"] for name, each in resources.items() if each["Type"] == kind}


def target(value):
    """Return the logical id that a Ref or GetAtt points at."""
    if "Ref" in value:
        return value["Ref"]
    attribute = value["Fn::GetAtt"]
    return attribute[0] if isinstance(attribute, list) else attribute.split(".")[0]


def statements(resources):
    for name, role in of_type(resources, "AWS::IAM::Role").items():
        for policy in role["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                if "Effect" in statement:
                    yield name, statement


def as_list(value):
    return value if isinstance(value, list) else [value]


def test_functions(resources, stage):
    functions = of_type(resources, "AWS::Lambda::Function")
    handlers = {each["Handler"] for each in functions.values()}
    in_snake_case = re.compile("([A-Z])")
    files = (in_snake_case.sub(r"_\1", name).lower() for name in functions_of(stage))
    assert handlers == {f"handlers/{each}.handler" for each in files}
    assert {each["Runtime"] for each in functions.values()} == {"python3.13"}
    roles = [target(each["Role"]) for each in functions.values()]
    assert len(set(roles)) == len(roles), "a role of its own for each function"
    assert {*roles, "LongVideoRole"} == set(of_type(resources, "AWS::IAM::Role"))


def test_no_wildcard_that_aws_does_not_force(resources, stage):
    seen = set()
    for name, statement in statements(resources):
        if statement["Effect"] == "Deny":
            continue
        for action, resource in itertools.product(
            as_list(statement["Action"]), as_list(statement["Resource"])
        ):
            assert "*" not in action, (name, action)
            if resource == "*":
                assert (action, resource) in FORCED_BY_AWS[stage], (name, action)
                seen.add((action, resource))
            elif "Fn::Sub" in resource:
                text = resource["Fn::Sub"].replace("/*/*/*/work/*", "/*")
                # The one thing that may vary is what lies inside one named bucket, log group
                # or table.
                assert text.count("*") == text.endswith(("*", "/*")), (name, text)
                assert f"media-pipeline-{stage}" in text or f":::media-{stage}-" in text, (
                    name,
                    text,
                )
    assert seen == FORCED_BY_AWS.get(stage, set())


def test_the_emulators_own_action_is_not_asked_of_aws(resources, stage):
    actions = {each for _, entry in statements(resources) for each in as_list(entry["Action"])}
    assert ("sns:PublishBatch" in actions) == (stage == "local")
    assert ("sns:Publish" in actions) is True


def test_only_dispatch_and_the_processors_read_sources_and_only_they_write(resources, stage):
    def roles_with(action):
        return {
            name
            for name, each in statements(resources)
            if each["Effect"] == "Allow" and action in as_list(each["Action"])
        }

    processors = {"ProcessImageRole", "ProcessVideoRole"}
    makers = processors | {"PlanVideoRole", "EncodeRangeRole", "PackageVideoRole"}
    # Who calls the API uploads in its name, and has it remove or copy what is theirs.
    callers = {"ApiRole"} if "api" in functions_of(stage) else set()
    assert roles_with("s3:GetObjectVersion") == makers | callers
    assert roles_with("s3:PutObject") == makers | callers
    assert roles_with("dynamodb:PutItem") == set()
    deleters = makers | {"FailVideoRole", "SweepRole", "ReconcileRole"}
    assert roles_with("s3:DeleteObject") == deleters | callers
    writers = makers | {"DispatchRole", "FailVideoRole", "ReconcileRole"}
    assert roles_with("dynamodb:UpdateItem") == writers | callers


def test_who_changes_renditions_may_not_change_what_operators_configure(resources):
    changes = {"s3:PutObject", "s3:DeleteObject"}
    changing, kept = set(), set()
    for name, each in statements(resources):
        if each["Effect"] == "Allow" and changes & set(as_list(each["Action"])):
            changing |= {name} - {"ApiRole"}  # which writes uploads
        if each["Effect"] == "Deny" and changes == set(as_list(each["Action"])):
            assert each["Resource"]["Fn::Sub"].endswith("/config/*"), name
            kept.add(name)
    assert kept == changing


def test_roles_are_assumed_for_this_account_only(resources):
    for name, role in of_type(resources, "AWS::IAM::Role").items():
        [trusted] = role["AssumeRolePolicyDocument"]["Statement"]
        condition = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
        assert trusted["Condition"] == condition, name


def test_executions_are_started_by_one_role_and_stopped_by_one(resources):
    def resources_of(action):
        return {
            name: [json.dumps(each) for each in as_list(entry["Resource"])]
            for name, entry in statements(resources)
            if action in as_list(entry["Action"])
        }

    assert set(resources_of("states:StartExecution")) == {"ProcessVideoRole", "LongVideoRole"}
    assert set(resources_of("states:StopExecution")) == {"SweepRole", "LongVideoRole"}
    assert set(resources_of("states:DescribeExecution")) == {"ProcessVideoRole", "LongVideoRole"}
    assert set(resources_of("lambda:InvokeFunction")) == {"LongVideoRole"}
    for action in ("states:StartExecution", "states:StopExecution", "states:DescribeExecution"):
        for named in resources_of(action).values():
            assert all("-long-video" in each for each in named)


def test_only_the_processors_of_images_and_animations_read_watermarks(resources):
    readers = {
        name
        for name, each in statements(resources)
        for resource in as_list(each["Resource"])
        if each["Effect"] == "Allow"
        and isinstance(resource, dict)
        and str(resource.get("Fn::Sub")).endswith("/config/*")
    }
    assert readers == {"ProcessImageRole", "ProcessVideoRole"}


def test_the_image_processor_may_hand_over_to_the_queue_that_it_is_told_of(resources):
    function = next(
        each
        for each in of_type(resources, "AWS::Lambda::Function").values()
        if each["Handler"] == "handlers/process_image.handler"
    )
    queue = target(function["Environment"]["Variables"]["VIDEO_QUEUE_URL"])
    sendable = {
        target(queue)
        for name, each in statements(resources)
        if name == "ProcessImageRole" and "sqs:SendMessage" in as_list(each["Action"])
        for queue in as_list(each["Resource"])
    }
    assert queue == "VideoQueue"
    # Its own, for what would else grow too old; and where it gives an upload up.
    assert sendable == {queue, "ImageQueue", "ImageDeadLetters"}


def test_every_queue_has_a_dead_letter_queue(resources, stage):
    queues = of_type(resources, "AWS::SQS::Queue")
    working = {name: each for name, each in queues.items() if "RedrivePolicy" in each}
    own = {"ImageQueue", "VideoQueue", "DispatchRetries", "ExecutionRetries"}
    assert set(working) == own | ({"WebhookQueue"} if "webhook" in functions_of(stage) else set())
    for name, queue in working.items():
        redrive = queue["RedrivePolicy"]
        letters = target(redrive["deadLetterTargetArn"])
        assert letters in queues.keys() - working.keys(), name
        assert queues[letters]["MessageRetentionPeriod"] >= queue["MessageRetentionPeriod"]
        # SQS keeps what no function ran for, and counts to 1,000 at most. A day is for its delays.
        longest = redrive["maxReceiveCount"] * queue["VisibilityTimeout"]
        assert longest + 86_400 <= queue["MessageRetentionPeriod"], name
        assert 100 <= redrive["maxReceiveCount"] <= 1000, name
    letters = [target(each["RedrivePolicy"]["deadLetterTargetArn"]) for each in working.values()]
    assert len(set(letters)) == len(letters)


def test_a_message_is_hidden_for_six_times_as_long_as_its_function_may_run(resources, stage):
    functions = of_type(resources, "AWS::Lambda::Function")
    queues = of_type(resources, "AWS::SQS::Queue")
    mappings = [
        each
        for each in of_type(resources, "AWS::Lambda::EventSourceMapping").values()
        if target(each["EventSourceArn"]) in queues
    ]
    assert len(mappings) == 4 + ("webhook" in functions_of(stage))
    for mapping in mappings:
        queue = queues[target(mapping["EventSourceArn"])]
        function = functions[target(mapping["FunctionName"])]
        assert queue["VisibilityTimeout"] >= 6 * function["Timeout"]
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert mapping["ScalingConfig"]["MaximumConcurrency"] >= 2
        variables = function["Environment"]["Variables"]
        assert int(variables["MAX_RECEIVES"]) == queue["RedrivePolicy"]["maxReceiveCount"]
        source = target(mapping["EventSourceArn"])
        assert target(variables["QUEUE_URL"]) == source
        letters = target(queue["RedrivePolicy"]["deadLetterTargetArn"])
        assert target(variables["DEAD_LETTERS_URL"]) == letters
        if source in ("ImageQueue", "VideoQueue"):
            assert int(variables["MAX_ATTEMPTS"]) == 5


def test_filter_policies_are_disjoint_and_exhaustive(resources):
    subscriptions = {
        name: each
        for name, each in of_type(resources, "AWS::SNS::Subscription").items()
        if target(each["TopicArn"]) == "MediaTopic"
    }
    assert len(subscriptions) == 2
    for action, media_type in itertools.product(
        ("created", "removed"), ("image", "video", "audio", "unsupported")
    ):
        attributes = {"action": action, "media_type": media_type}
        taken = [
            name
            for name, each in subscriptions.items()
            if all(attributes[key] in allowed for key, allowed in each["FilterPolicy"].items())
        ]
        # What is removed or unsupported is settled by dispatch: no processor gets it.
        processed = action == "created" and media_type != "unsupported"
        assert len(taken) == (1 if processed else 0), (attributes, taken)


def test_subscriptions_are_raw_and_keep_what_they_cannot_deliver(resources):
    queues = of_type(resources, "AWS::SQS::Queue")
    for each in of_type(resources, "AWS::SNS::Subscription").values():
        assert each["RawMessageDelivery"] is True
        assert each.get("FilterPolicyScope", "MessageAttributes") == "MessageAttributes"
        letters = target(each["RedrivePolicy"]["deadLetterTargetArn"])
        assert letters in queues


def test_what_fails_asynchronously_is_kept(resources):
    configs = {
        target(each["FunctionName"]): each
        for each in of_type(resources, "AWS::Lambda::EventInvokeConfig").values()
    }
    # Another one comes within the hour, and goes on where this one stopped.
    assert configs.pop("ReconcileLambdaFunction")["MaximumRetryAttempts"] == 0
    invoked = {
        name: target(each["DestinationConfig"]["OnFailure"]["Destination"])
        for name, each in configs.items()
    }
    assert invoked == {
        "DispatchLambdaFunction": "DispatchRetries",
        "FailVideoLambdaFunction": "ExecutionRetries",
    }
    # The function itself goes on with what Lambda has given up.
    polled = {
        target(each["EventSourceArn"]): target(each["FunctionName"])
        for each in of_type(resources, "AWS::Lambda::EventSourceMapping").values()
    }
    assert all(polled[queue] == function for function, queue in invoked.items())
    streams = [
        each
        for each in of_type(resources, "AWS::Lambda::EventSourceMapping").values()
        if target(each["EventSourceArn"]) == "Catalog"
    ]
    assert len(streams) == 2
    for each in streams:
        assert target(each["DestinationConfig"]["OnFailure"]["Destination"]) == "StreamFailures"
        assert each["BisectBatchOnFunctionError"] is True
        assert each["MaximumRetryAttempts"] == -1, "for as long as a record may be old"
        assert 3600 <= each["MaximumRecordAgeInSeconds"] < 86_400, "hours: a stream keeps a day"


def test_one_unfiltered_notification_for_what_is_created_and_one_for_what_is_removed(resources):
    uploads = resources["S3BucketUploads"]["Properties"]
    notifications = uploads["NotificationConfiguration"]["LambdaConfigurations"]
    assert [each["Event"] for each in notifications] == [
        "s3:ObjectCreated:*",
        "s3:ObjectRemoved:*",
        "s3:LifecycleExpiration:*",
    ]
    assert not any("Filter" in each for each in notifications)
    assert uploads["VersioningConfiguration"] == {"Status": "Enabled"}


def test_buckets_are_private_encrypted_tls_only_and_tidy(resources, stack, stage):
    buckets = of_type(resources, "AWS::S3::Bucket")
    for name, bucket in buckets.items():
        # The local stage has no CDN: there renditions are for everybody on this machine.
        is_open = stage == "local" and name == "Renditions"
        by_policy = {"BlockPublicPolicy": not is_open, "RestrictPublicBuckets": not is_open}
        by_list = {"BlockPublicAcls": True, "IgnorePublicAcls": True}
        assert bucket["PublicAccessBlockConfiguration"] == by_policy | by_list
        assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    del buckets["ServerlessDeploymentBucket"]
    assert set(buckets) == {"S3BucketUploads", "Renditions"}
    for bucket in buckets.values():
        rules = bucket["LifecycleConfiguration"]["Rules"]
        ends = [each.get("AbortIncompleteMultipartUpload") for each in rules]
        assert {"DaysAfterInitiation": 1} in ends, "what is half uploaded goes after a day"
        # The same stage of another account, or in another region, has buckets of its own.
        assert f"-{stage}-" in bucket["BucketName"]
        assert bucket["BucketName"].endswith(f"-{stack.account}-{stack.region}")
    rules = buckets["S3BucketUploads"]["LifecycleConfiguration"]["Rules"]
    assert any("NoncurrentVersionExpiration" in rule for rule in rules)
    policies = of_type(resources, "AWS::S3::BucketPolicy")
    tls_only = {
        target(each["Bucket"])
        for each in policies.values()
        for entry in each["PolicyDocument"]["Statement"]
        if entry["Effect"] == "Deny"
        and entry.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
    }
    assert (tls_only >= set(buckets)) == (stage != "local")


def test_pages_may_use_the_buckets_and_read_what_the_api_says_in_headers(stack_of):
    resources = stack_of(LONGEST).template["Resources"]
    named = ["https://a.example.com", "https://b.example.com"]
    gallery = {"Fn::GetAtt": ["HttpApi", "ApiEndpoint"]}
    for name in ("S3BucketUploads", "Renditions"):
        [rule] = resources[name]["Properties"]["CorsConfiguration"]["CorsRules"]
        assert rule["AllowedOrigins"] == [*named, gallery]
    cors = resources["HttpApi"]["Properties"]["CorsConfiguration"]
    assert cors["AllowOrigins"] == named
    assert {"etag", "location", "retry-after"} <= set(cors["ExposeHeaders"])


def test_prod_keeps_what_users_own_when_the_stack_goes(resources, stage):
    for name in ("S3BucketUploads", "Renditions", "Catalog"):
        kept = (resources[name]["DeletionPolicy"], resources[name]["UpdateReplacePolicy"])
        assert set(kept) == {"Retain" if stage == "prod" else "Delete"}, name


def test_the_table_has_its_stream_its_index_and_stays_in_the_free_tier_on_dev(resources, stage):
    table = resources["Catalog"]["Properties"]
    keys = {
        each["IndexName"]: [key["AttributeName"] for key in each["KeySchema"]]
        for each in table["GlobalSecondaryIndexes"]
    }
    by_folder = {} if stage == "prod" else {"by-folder": ["folder", "updated_at"]}
    assert keys == {"by-status": ["status", "updated_at"], **by_folder}
    defined = {each["AttributeName"] for each in table["AttributeDefinitions"]}
    assert defined == {"pk"}.union(*keys.values()), "DynamoDB takes no others"
    assert table["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    if stage != "dev":
        assert table["BillingMode"] == "PAY_PER_REQUEST"
        return
    assert table["BillingMode"] == "PROVISIONED"
    for unit in ("ReadCapacityUnits", "WriteCapacityUnits"):
        all_of_it = (table, *table["GlobalSecondaryIndexes"])
        used = [each["ProvisionedThroughput"][unit] for each in all_of_it]
        assert 0 < sum(used) <= 25


def test_alarms_only_where_the_stage_asks(resources, stage):
    alarms = of_type(resources, "AWS::CloudWatch::Alarm")
    if stage != "prod":
        assert alarms == {}
        return
    assert len(alarms) == 11, "one more than are free"
    watched = {
        (each["MetricName"], target(each["Dimensions"][0]["Value"]))
        for each in alarms.values()
        if each["Namespace"].startswith("AWS/")
    }
    own = [each for each in alarms.values() if not each["Namespace"].startswith("AWS/")]
    assert {each["Namespace"] for each in own} == {"MediaPipeline/prod"}
    assert {each["MetricName"] for each in own} == {"BudgetSpent", "DeletionsHeld"}
    assert all(
        each["Dimensions"] == [{"Name": "service", "Value": "media-pipeline"}] for each in own
    )
    letters = "ApproximateNumberOfMessagesVisible"
    assert {
        (letters, "ImageDeadLetters"),
        (letters, "VideoDeadLetters"),
        (letters, "SubscriptionDeadLetters"),
        (letters, "DispatchFailures"),
        (letters, "StreamFailures"),
        (letters, "ExecutionFailures"),
        ("ApproximateAgeOfOldestMessage", "ImageQueue"),
        ("ApproximateAgeOfOldestMessage", "VideoQueue"),
        ("ApproximateAgeOfOldestMessage", "DispatchRetries"),
    } == watched


def test_logs_end_and_the_dashboard_is_json(resources, stage):
    groups = of_type(resources, "AWS::Logs::LogGroup")
    assert len(groups) == len(functions_of(stage))
    assert all(each["RetentionInDays"] <= 90 for each in groups.values())
    body = resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    assert len(json.loads(body)["widgets"]) >= 5


def test_outputs(template):
    assert {
        "UploadsBucket",
        "RenditionsBucket",
        "CatalogTable",
        "MediaTopic",
        "AssetEventsTopic",
        "ImageQueue",
        "VideoQueue",
    } <= set(template["Outputs"])


def test_of_what_is_off_there_is_nothing(resources, stage):
    of_it = {name for name in resources if "Webhook" in name}
    if "webhook" not in functions_of(stage):
        assert of_it == set()
        return
    variables = resources["WebhookLambdaFunction"]["Properties"]["Environment"]["Variables"]
    assert variables["WEBHOOK_URL"] == "https://hooks.example.com/media"
    assert variables["WEBHOOK_PRIVATE"] == "false"
    subscription = resources["WebhookSubscription"]["Properties"]
    assert target(subscription["TopicArn"]) == "AssetEvents"
    assert "FilterPolicy" not in subscription


def test_progress_is_told_where_the_stage_asks(resources, stage):
    function = resources["NotifyLambdaFunction"]["Properties"]
    asked = stage == LONGEST
    assert function["Environment"]["Variables"]["PROGRESS_EVENTS"] == str(asked).lower()
    mapping = resources["NotifyEventSourceMappingDynamodbCatalog"]["Properties"]
    [pattern] = mapping["FilterCriteria"]["Filters"]
    statuses = json.loads(pattern["Pattern"])["dynamodb"]["NewImage"]["status"]["S"]
    assert ("PROCESSING" in statuses) is asked
    assert {"RECEIVED", "READY", "PARTIAL", "FAILED", "REJECTED", "DELETED"} <= {*statuses}
