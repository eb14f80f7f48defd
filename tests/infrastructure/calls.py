"""What each function's code asks of AWS: the one table that its role is held against.

Resources are named as the code finds them: by its environment's variables, and the uploads bucket
by the event. What Lambda itself does with a role (logs, queues, streams, destinations) is not here:
`edges.py` derives it from the template.
"""

from __future__ import annotations

from dataclasses import dataclass

UPLOADS = "uploads"
CATALOG, RENDITIONS, LONG = "CATALOG_TABLE", "RENDITIONS_BUCKET", "LONG_VIDEO_ARN"
BUDGET = "BUDGET_TABLE"

SOURCE = "/any/key of a user.jpg"
CONFIG = "/config/watermark.png"
FOLDER = "/83952ee9c514dcda45b5bc76221149fc/d5acbc685015/05a4cc862ac2"
RENDITION = f"{FOLDER}/320.avif"
WORK = f"{FOLDER}/work/plan.json"
EXECUTION = ":83952ee9c514dcda45b5bc76221149fc-d5acbc685015"


@dataclass(frozen=True, slots=True)
class Call:
    """One action on what a variable names; `below` is the rest of the resource's ARN.

    `local` is the action that the emulator checks in its place.
    """

    action: str
    on: str
    below: str = ""
    local: str = ""


READ_VERSION = (
    Call("s3:GetObjectVersion", UPLOADS, SOURCE),
    Call("s3:ListBucket", UPLOADS),  # without it, what is missing looks forbidden
)
LOOK = (Call("s3:GetObject", UPLOADS, SOURCE), Call("s3:ListBucket", UPLOADS))
READ_CONFIG = (Call("s3:GetObject", RENDITIONS, CONFIG), Call("s3:ListBucket", RENDITIONS))
PUT = Call("s3:PutObject", RENDITIONS, RENDITION)
ABORT = Call("s3:AbortMultipartUpload", RENDITIONS, RENDITION)
DELETE = Call("s3:DeleteObject", RENDITIONS, RENDITION)
READ_PARTS = (Call("s3:GetObject", RENDITIONS, RENDITION), Call("s3:ListBucket", RENDITIONS))
READ_ASSET = Call("dynamodb:GetItem", CATALOG)
WRITE_ASSET = Call("dynamodb:UpdateItem", CATALOG)
HAND_BACK = (
    Call("sqs:ChangeMessageVisibility", "QUEUE_URL"),
    Call("sqs:SendMessage", "QUEUE_URL"),  # what would else grow too old
    Call("sqs:SendMessage", "DEAD_LETTERS_URL"),
)
CHARGE = (Call("dynamodb:GetItem", BUDGET), Call("dynamodb:UpdateItem", BUDGET))

CALLS: dict[str, tuple[Call, ...]] = {
    "dispatch": (
        *LOOK,
        READ_ASSET,
        WRITE_ASSET,
        Call("sns:Publish", "MEDIA_TOPIC_ARN", local="sns:PublishBatch"),
        *HAND_BACK,
    ),
    "processImage": (
        *READ_VERSION,
        *READ_CONFIG,
        PUT,
        DELETE,
        READ_ASSET,  # what is live, before anything is deleted
        WRITE_ASSET,
        *CHARGE,
        *HAND_BACK,
        Call("sqs:SendMessage", "VIDEO_QUEUE_URL"),
    ),
    "processVideo": (
        *READ_VERSION,
        *READ_CONFIG,
        PUT,
        ABORT,
        DELETE,
        READ_ASSET,  # what is live, before anything is deleted
        WRITE_ASSET,
        *CHARGE,
        *HAND_BACK,
        Call("states:StartExecution", LONG),
        Call("states:DescribeExecution", LONG, EXECUTION),
    ),
    "planVideo": (
        *READ_VERSION,
        Call("s3:PutObject", RENDITIONS, WORK),
        Call("s3:ListBucket", RENDITIONS),
        DELETE,
        READ_ASSET,
        WRITE_ASSET,
    ),
    "encodeRange": (
        *READ_VERSION,
        Call("s3:GetObject", RENDITIONS, WORK),
        Call("s3:ListBucket", RENDITIONS),
        PUT,
        ABORT,
        DELETE,
        READ_ASSET,
        WRITE_ASSET,
    ),
    "packageVideo": (*READ_VERSION, *READ_PARTS, PUT, ABORT, DELETE, READ_ASSET, WRITE_ASSET),
    "failVideo": (
        Call("s3:ListBucket", RENDITIONS),
        DELETE,
        READ_ASSET,
        WRITE_ASSET,
        Call("sqs:SendMessage", "VIDEO_QUEUE_URL"),
        Call("sqs:SendMessage", "VIDEO_DEAD_LETTERS_URL"),
        *HAND_BACK,
    ),
    "sweep": (
        Call("s3:ListBucket", RENDITIONS),
        DELETE,
        Call("states:StopExecution", LONG, EXECUTION),
    ),
    "reconcile": (
        Call("s3:ListBucketVersions", "UPLOADS_BUCKET"),
        Call("s3:ListBucket", "UPLOADS_BUCKET"),
        Call("s3:GetObject", "UPLOADS_BUCKET", SOURCE),
        *READ_PARTS,
        DELETE,
        READ_ASSET,
        WRITE_ASSET,
        Call("dynamodb:BatchGetItem", CATALOG),
        Call("dynamodb:Scan", CATALOG),
        Call("dynamodb:Query", CATALOG, "/index/by-status"),
        *CHARGE,  # in which it remembers how far it is
        Call("sns:Publish", "MEDIA_TOPIC_ARN", local="sns:PublishBatch"),
    ),
    "notify": (Call("sns:Publish", "ASSET_EVENTS_TOPIC_ARN"),),
    "webhook": (
        Call("ssm:GetParameter", "WEBHOOK_SECRET"),
        Call("sqs:ChangeMessageVisibility", "QUEUE_URL"),
        Call("sqs:SendMessage", "DEAD_LETTERS_URL"),
    ),
    "api": (
        Call("s3:PutObject", "UPLOADS_BUCKET", SOURCE),  # and whoever it signs for
        Call("s3:AbortMultipartUpload", "UPLOADS_BUCKET", SOURCE),
        Call("s3:ListMultipartUploadParts", "UPLOADS_BUCKET", SOURCE),
        Call("s3:DeleteObject", "UPLOADS_BUCKET", SOURCE),
        Call("s3:GetObject", "UPLOADS_BUCKET", SOURCE),
        Call("s3:ListBucket", "UPLOADS_BUCKET"),
        Call("s3:GetObjectVersion", "UPLOADS_BUCKET", SOURCE),  # a copy of one, with its tags
        Call("s3:GetObjectVersionTagging", "UPLOADS_BUCKET", SOURCE),
        Call("s3:PutObjectTagging", "UPLOADS_BUCKET", SOURCE),
        Call("s3:GetObject", RENDITIONS, RENDITION),  # of whoever it signs for
        READ_ASSET,
        WRITE_ASSET,
        Call("dynamodb:Query", CATALOG, "/index/by-status"),
        Call("dynamodb:Query", CATALOG, "/index/by-folder"),
        Call("sns:Publish", "MEDIA_TOPIC_ARN", local="sns:PublishBatch"),
    ),
    "deliver": (READ_ASSET,),
    "gallery": (),
}
