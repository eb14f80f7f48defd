"""What a long source may cost at most."""

import pytest

from lib.domain.errors import PermanentError
from lib.domain.prices import check_price, price_encode


def test_the_price_counts_encoding_and_storing():
    check_price(price_encode(10_000, 10_000), dollars=1)
    with pytest.raises(PermanentError):
        check_price(price_encode(45_000, 0), dollars=1)
    with pytest.raises(PermanentError):
        check_price(price_encode(0, 201_000), dollars=1)
