"""What `media redrive` finds in the failure queues and what becomes of it: as tables and JSON."""

from __future__ import annotations

import json
import shlex
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Group
from rich.text import Text

from lib.application.redrive.letters import Job, Verdict
from lib.application.redrive.outcome import Watched
from lib.application.redrive.resend import Done, Fate
from lib.application.redrive.selection import Found
from lib.cli.printable import as_markup
from lib.cli.tables import bold, columns, describe_failure, describe_status
from lib.domain.asset import Asset, AssetStatus
from lib.domain.clock import to_iso

MOST_KEYS = 2
"""Of a row; the others are counted."""
MOST_ROWS = 30
"""Assets that are listed one by one where all went well, and messages that can't be sent."""

STAYS = {
    Verdict.POISON: "nowhere: not ours",
    Verdict.LOST: "nowhere: forgotten",
    Verdict.LATER: "nowhere: of a newer release",
}


@dataclass(frozen=True, slots=True)
class Ended:
    """One asset at the end of the wait: as it is, and whether that is its end."""

    watched: Watched
    asset: Asset | None

    @property
    def ended(self) -> bool:
        """Tell whether nothing more will come of what was sent."""
        return self.watched.ended(self.asset)

    @property
    def failed(self) -> bool:
        """Tell whether it failed again, or has no entry that could be worked on."""
        return self.ended and (self.asset is None or self.asset.status is AssetStatus.FAILED)

    @property
    def state(self) -> str:
        """Return its status; that it is not its end yet where it was seen to fail before."""
        if self.asset is None:
            return "UNKNOWN"
        return str(self.asset.status) if self.ended or self.watched.before is None else "WAITING"


def found_table(found: Sequence[Found]) -> Group:
    """Return a row for each queue, target and reason; below it why messages can't be sent."""
    rows = [bold("queue", "messages", "oldest", "goes to", "asset", "keys")]
    groups: dict[tuple[str, str, str], list[Found]] = {}
    for each in found:
        groups.setdefault((each.job.queue, _goes_to(each), _state(each)), []).append(each)
    rows += [
        (
            queue,
            str(len(group)),
            _minute(min(each.job.letter.sent_at for each in group)),
            target,
            as_markup(state),
            _keys(group),
        )
        for (queue, target, state), group in groups.items()
    ]
    return Group(*columns(rows, right=(1,)), *_problems(found))


def outcome_table(done: Iterable[Done], ended: Sequence[Ended]) -> Group:
    """Return what became of messages and assets; each one by itself where it is not as wished."""
    done = list(done)
    rows = [
        (as_markup(each.watched.key), _colored(each), _reason(each))
        for each in ended
        if each.failed or not each.ended or len(ended) <= MOST_ROWS
    ]
    lines = columns(rows)
    lines += [
        _plain(f"{each.job.queue}, {_names(each)}: {as_markup(each.reason)}")
        for each in done
        if each.fate in (Fate.KEPT, Fate.MISSING)
    ]
    fates = Counter(str(each.fate) for each in done)
    states = Counter(each.state for each in ended)
    counts = [f"{number} {name}" for name, number in (*fates.items(), *states.items())]
    return Group(*lines, Text(", ".join(counts)))


def found_json(found: Found, done: Done | None, ended: Mapping[str, Ended]) -> str:
    """Return one message, its assets as they are now, and its fate, as a line of JSON in ASCII."""
    job = found.job
    assets = {each.asset_id: each for each in found.assets if each}
    for subject in job.subjects:
        if (latest := ended.get(subject.asset_id)) and latest.asset:
            assets[subject.asset_id] = latest.asset
    return json.dumps(
        {
            "queue": job.queue,
            "id": job.letter.id,
            "sent_at": to_iso(job.letter.sent_at),
            "verdict": job.verdict,
            "goes_to": job.target,
            "problem": job.problem,
            "fate": done and done.fate,
            "reason": done.reason if done else "",
            "subjects": [
                {"asset_id": each.asset_id, "bucket": each.bucket, "key": each.key}
                for each in job.subjects
            ],
            "assets": [_asset_values(each) for each in assets.values()],
        }
    )


def _asset_values(asset: Asset) -> dict[str, object]:
    return {
        "asset_id": asset.asset_id,
        "key": asset.source.key,
        "status": asset.status,
        "code": asset.error and asset.error.code,
        "message": asset.error and asset.error.message,
    }


def _goes_to(found: Found) -> str:
    return STAYS.get(found.job.verdict) or str(found.job.target)


def _state(found: Found) -> str:
    """Return `"FAILED EXHAUSTED, THROTTLED"`, `"no entry"` where the catalog has none."""
    statuses = dict.fromkeys(str(each.status) if each else "no entry" for each in found.assets)
    return f"{', '.join(statuses)} {', '.join(found.codes)}".strip()


def _keys(group: Sequence[Found]) -> str:
    names = list(dict.fromkeys(name for each in group for name in _key_names(each)))
    more = f" and {len(names) - MOST_KEYS} more" if len(names) > MOST_KEYS else ""
    return ", ".join(map(as_markup, names[:MOST_KEYS])) + more


def _key_names(found: Found) -> Iterable[str]:
    if found.job.subjects:
        return [each.key for each in found.job.subjects]
    return [each.source.key for each in found.assets if each]


def _problems(found: Sequence[Found]) -> list[Text]:
    stays = [each for each in found if each.job.verdict is not Verdict.SEND]
    lines = [
        _plain(
            f"{each.job.queue}, {_minute(each.job.letter.sent_at)}: {as_markup(each.job.problem)}"
        )
        for each in stays[:MOST_ROWS]
    ]
    if len(stays) > MOST_ROWS:
        lines.append(Text(f"and {len(stays) - MOST_ROWS} more that can't be sent"))
    return [Text(), *lines] if lines else []


def _problem(job: Job) -> Text:
    return _plain(f"{job.queue}, {_minute(job.letter.sent_at)}: {as_markup(job.problem)}")


def _names(done: Done) -> str:
    return ", ".join(as_markup(each.key) for each in done.job.subjects) or done.job.letter.id


def _minute(moment: float) -> str:
    return to_iso(moment)[:16].replace("T", " ")


def _colored(each: Ended) -> str:
    if each.asset and each.ended:
        return describe_status(each.asset.status)
    return each.state


def _reason(each: Ended) -> str:
    if each.asset is None:
        return f"it has no entry: media repair {as_markup(shlex.quote(each.watched.key))}"
    return describe_failure(each.asset.error) if each.ended else ""


def _plain(markup: str) -> Text:
    return Text.from_markup(markup, emoji=False, overflow="ignore")
