"""What work costs, and what a long source may cost at most."""

import pytest

from lib.domain.errors import ErrorCode, PermanentError
from lib.domain.prices import DOLLARS_PER_PUT, check_price, price_encode, price_invocation


def test_the_price_counts_encoding_and_storing():
    check_price(price_encode(10_000, 10_000), dollars=1)
    with pytest.raises(PermanentError):
        check_price(price_encode(45_000, 0), dollars=1)
    with pytest.raises(PermanentError):
        check_price(price_encode(0, 201_000), dollars=1)


def test_an_invocation_is_priced_by_time_memory_and_what_it_stores():
    assert price_invocation(60, 2048) == pytest.approx(0.001600008)
    assert price_invocation(0, 2048, puts=200) == pytest.approx(0.001)
    assert price_invocation(60, 2048, puts=200) == pytest.approx(0.002600008)


def test_one_vcpu_is_priced_as_the_memory_that_comes_with_it():
    assert price_encode(60, 0) == pytest.approx(price_invocation(60, 1769), rel=1e-9)
    assert price_encode(60, 3) == pytest.approx(price_encode(60, 0) + 3 * DOLLARS_PER_PUT)


def test_what_costs_as_much_as_is_allowed_passes_and_more_is_refused_with_both_sums():
    check_price(1.0, 1.0)
    with pytest.raises(PermanentError) as refused:
        check_price(1.5, 1.0)
    assert refused.value.code is ErrorCode.LIMIT_EXCEEDED
    assert refused.value.message == (
        "expected a source that costs at most $1.00 to encode but this one is estimated at $1.50"
    )
