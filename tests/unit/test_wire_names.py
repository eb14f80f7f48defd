"""Names that catalogs, messages and manifests in use hold: whatever code calls them, they stay."""

from __future__ import annotations

from dataclasses import astuple
from enum import StrEnum

import pytest

from lib.domain.asset import AssetStatus, Claim, ClaimState, CommitState
from lib.domain.events import Action
from lib.domain.media import MediaType
from lib.domain.renditions import RenditionKind


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        (Action, "created removed"),
        (MediaType, "image video audio unsupported"),
        (
            RenditionKind,
            "image video audio poster stream rung storyboard preview subtitles waveform",
        ),
        (AssetStatus, "RECEIVED PROCESSING READY PARTIAL FAILED REJECTED DELETED"),
        (ClaimState, "CLAIMED DONE STALE BUSY HANDED_OVER"),
        (CommitState, "COMMITTED SUPERSEDED LEASE_LOST"),
    ],
)
def test_a_name_stays_what_it_is(kind: type[StrEnum], names: str) -> None:
    assert [each.value for each in kind] == names.split()


def test_a_claim_says_nothing_of_what_is_not_known() -> None:
    assert astuple(Claim(ClaimState.STALE)) == (ClaimState.STALE, None, 0, 0, 0.0, (0, ()))
