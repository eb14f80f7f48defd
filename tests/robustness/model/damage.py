"""What operators, or AWS, may do to a stage; and reconciling, which has to make it good."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.robustness.model.account import CATALOG, Account

ROUND_SECONDS = 6 * 60 * 60.0
"""Between two rounds: less often than it is deployed, to be quicker."""


def empty_bucket(account: Account, number: int) -> None:
    """Delete all renditions, or every other one."""
    for key in [*sorted(account.s3.objects)][:: 1 + number % 2]:
        del account.s3.objects[key]
    account.invariants.reset()


def delete_items(account: Account, number: int) -> None:
    """Delete the entries of the catalog, one by one: the stream has each."""
    for name in [*sorted(account.items)][:: 1 + number % 2]:
        account.dynamodb.delete_item(TableName=CATALOG, Key={"pk": {"S": name}})
    account.invariants.reset()


def keep_table(account: Account, number: int) -> None:
    """Take a backup of the catalog."""
    del number
    account.kept = {**account.items}


def restore_table(account: Account, number: int) -> None:
    """Have the catalog as it was in the backup; the stream tells nothing of it."""
    del number
    items = account.items
    items.clear()
    items.update(account.kept)
    account.invariants.reset()


def purge_queues(account: Account, number: int) -> None:
    """Delete all messages, those that are worked on too."""
    del number
    for queue, messages in account.sqs.messages.items():
        for message in [*messages]:
            account.sqs.delete(queue, message)


DAMAGES: Mapping[str, Callable[[Account, int], None]] = {
    "empty the bucket": empty_bucket,
    "delete items": delete_items,
    "keep the table": keep_table,
    "restore the table": restore_table,
    "purge the queues": purge_queues,
}
"""By the name of the step; its number chooses how much."""


def reconcile(account: Account, rounds: int) -> None:
    """Have the scheduled function run some times, and everything come to rest."""
    world = account.world
    for _ in range(rounds):
        world.at(world.now + ROUND_SECONDS, lambda: account.lambda_.invoke_async("reconcile", {}))
        world.run()
