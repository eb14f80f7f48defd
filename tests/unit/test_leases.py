from __future__ import annotations

from lib.domain.leases import first_token, is_resumed, make_token, next_lease


def test_a_message_that_is_sent_again_resumes_every_earlier_lease_of_its_own() -> None:
    tokens, lease = [make_token(None)], None
    for _ in range(12):
        lease = next_lease(tokens[-1])
        assert all(is_resumed(each, lease) for each in tokens)
        assert {first_token(each) for each in tokens} == {tokens[0]}
        tokens.append(make_token(lease))
    assert sorted(tokens) == tokens


def test_the_lease_of_another_delivery_of_the_same_message_is_not_resumed() -> None:
    lease = next_lease(make_token(None))
    assert not is_resumed(make_token(lease), lease)


def test_no_other_lease_is_resumed() -> None:
    lease = next_lease(make_token(None))
    assert not is_resumed(make_token(None), lease)
    assert not is_resumed(None, lease)
    assert not is_resumed(make_token(None), None)
