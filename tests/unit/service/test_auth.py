from __future__ import annotations

import pytest
from starlette.datastructures import Headers

from core.clock import DAY, SECOND, ManualClock
from service.auth import COOKIE, Doorkeeper
from tests.story import START

TOKEN = "a-token-that-is-long"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


def given(name: str, value: str) -> Headers:
    return Headers({name: value})


def cookie_of(keeper: Doorkeeper) -> str:
    return keeper.cookie(secure=False).partition(";")[0]


def test_without_a_token_everybody_may_come_in(clock: ManualClock) -> None:
    keeper = Doorkeeper("", clock)
    assert not keeper.asks
    assert keeper.admits(Headers({}))


@pytest.mark.parametrize(
    ("header", "in_"),
    [
        (f"Bearer {TOKEN}", True),
        (f"bearer  {TOKEN} ", True),
        (f"Bearer {TOKEN}x", False),
        ("Bearer", False),
        (f"Basic {TOKEN}", False),
        ("Bearer عائشہ", False),
        ("", False),
    ],
)
def test_a_token_in_the_header_lets_in(clock: ManualClock, header: str, in_: bool) -> None:
    raw = [(b"authorization", header.encode())]
    assert Doorkeeper(TOKEN, clock).admits(Headers(raw=raw)) is in_


def test_a_cookie_lets_in_until_it_is_too_old(clock: ManualClock) -> None:
    keeper = Doorkeeper(TOKEN, clock)
    cookie = cookie_of(keeper)
    assert keeper.admits(given("cookie", f"other=1; {cookie}"))
    clock.advance(30 * DAY - SECOND)
    assert keeper.admits(given("cookie", cookie))
    clock.advance(SECOND)
    assert not keeper.admits(given("cookie", cookie))


def test_a_cookie_ends_with_the_token_it_was_given_for(clock: ManualClock) -> None:
    cookie = cookie_of(Doorkeeper(TOKEN, clock))
    assert not Doorkeeper("another-token-as-long", clock).admits(given("cookie", cookie))


@pytest.mark.parametrize(
    "value",
    ["", ".", "abc.def", "9" * 30 + ".x", "²³.x", "-5.x", "99999999999.", '"unclosed', "a;b=\x01"],
)
def test_no_made_up_cookie_lets_in(clock: ManualClock, value: str) -> None:
    assert not Doorkeeper(TOKEN, clock).admits(given("cookie", f"{COOKIE}={value}"))


def test_a_lifetime_cannot_be_written_longer(clock: ManualClock) -> None:
    keeper = Doorkeeper(TOKEN, clock)
    _, _, signature = cookie_of(keeper).partition(".")
    assert not keeper.admits(given("cookie", f"{COOKIE}=99999999999.{signature}"))


def test_a_cookie_is_for_this_site_alone_and_no_script_reads_it(clock: ManualClock) -> None:
    keeper = Doorkeeper(TOKEN, clock)
    plain, secure = keeper.cookie(secure=False), keeper.cookie(secure=True)
    assert "HttpOnly; SameSite=Strict" in plain
    assert "Secure" not in plain
    assert secure.endswith("; Secure")
    assert TOKEN not in plain
