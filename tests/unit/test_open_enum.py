"""Names that another release added are kept as they were read."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from lib.domain.asset import AssetStatus
from lib.domain.errors import ErrorCode, Failure, PermanentError
from lib.domain.media import MediaType
from lib.domain.open_enum import OpenEnum
from lib.domain.renditions import RenditionKind

OPEN = (AssetStatus, ErrorCode, MediaType, RenditionKind)


@pytest.mark.parametrize("kind", OPEN)
def test_a_name_that_is_not_known_is_kept(kind: type[OpenEnum]) -> None:
    later = kind("later")
    assert (str(later), f"{later}", later.value, later.name) == ("later",) * 4
    assert json.dumps({"what": later}) == '{"what": "later"}'
    assert (later, later.known, later in list(kind)) == ("later", False, False)
    assert copy.deepcopy(later) == later == kind("later") != kind("earlier")
    assert len({later, kind("later")}) == 1
    assert "later" not in kind.__members__


@pytest.mark.parametrize("kind", OPEN)
def test_a_name_that_is_known_is_the_member(kind: type[OpenEnum]) -> None:
    for each in kind:
        assert kind(each.value) is each
        assert each.known


@pytest.mark.parametrize("kind", OPEN)
@pytest.mark.parametrize("value", [None, 7, b"READY", ["READY"]])
def test_what_is_no_text_is_no_name(kind: type[OpenEnum], value: Any) -> None:
    with pytest.raises(ValueError, match="is not a valid"):
        kind(value)


def test_a_status_that_is_not_known_may_change_by_itself() -> None:
    assert not AssetStatus("ARCHIVED").terminal
    assert [each for each in AssetStatus if not each.terminal] == ["RECEIVED", "PROCESSING"]


@pytest.mark.parametrize("permanent", [True, False])
def test_of_a_code_that_is_not_known_decides_what_was_stored_beside_it(permanent: bool) -> None:
    code = ErrorCode.stored("QUARANTINED", permanent)
    assert (code, code.known, code.permanent) == ("QUARANTINED", False, permanent)
    assert Failure(code, "why").permanent is permanent
    assert ErrorCode.stored("CORRUPT_MEDIA", permanent).permanent


def test_a_code_that_is_not_known_may_pass_where_nothing_says_more() -> None:
    assert not ErrorCode("QUARANTINED").permanent
    with pytest.raises(ValueError, match="expected another code for PermanentError"):
        PermanentError(ErrorCode("QUARANTINED"), "why")
