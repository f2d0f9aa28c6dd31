from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from core.clock import SECOND
from core.errors import Refused
from service.settings import FeedSettings, MqttNotifierSettings, check_binding, is_loopback

LONG = "a-token-that-is-long"


def settings(**given: object) -> FeedSettings:
    return FeedSettings.model_validate(given)


def test_as_shipped_only_this_machine_may_reach_the_feed() -> None:
    shipped = settings()
    assert (shipped.host, shipped.port, shipped.local) == ("127.0.0.1", 8765, True)
    assert check_binding(shipped) == ""
    assert shipped.decide_within == 5 * SECOND


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("localhost", True),
        ("LOCALHOST", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.5", False),
        ("pdm.plant.lan", False),
        ("localhost.evil.example", False),
    ],
)
def test_only_an_address_that_is_surely_this_machine_counts_as_it(host: str, local: bool) -> None:
    assert is_loopback(host) is local


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "pdm.plant.lan"])
def test_an_address_others_can_reach_is_refused_without_a_token(host: str) -> None:
    with pytest.raises(Refused) as caught:
        check_binding(settings(host=host))
    assert f"feed.host {host}" in str(caught.value)
    assert "set feed.token to env:NAME or file:PATH" in str(caught.value)


def test_with_a_token_it_is_let_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", f" {LONG}\n")
    assert check_binding(settings(host="0.0.0.0", token="env:TOKEN")) == LONG


def test_a_short_token_is_refused_with_how_to_make_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "brief")
    with pytest.raises(
        Refused, match=r"5 characters and needs at least 16; make one with"
    ) as caught:
        check_binding(settings(token="env:TOKEN"))
    assert "brief" not in str(caught.value)


def test_a_token_that_is_not_there_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"feed\.token: .*MILLWRIGHT_NOT_SET"):
        check_binding(settings(token="env:MILLWRIGHT_NOT_SET"))


@pytest.mark.parametrize("host", ["", "a b", "http://x", "x/y", "ü", "x" * 300])
def test_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(ValidationError, match="is not a host name or an address"):
        settings(host=host)


@pytest.mark.parametrize("url", ["mqtt://127.0.0.1:1883", "mqtt://broker.lan", "mqtt://[::1]:1/"])
def test_a_brokers_address_is_taken(url: str) -> None:
    assert MqttNotifierSettings.model_validate({"url": url}).url == url


@pytest.mark.parametrize(
    "url",
    ["http://x", "mqtt://", "mqtt://x:0", "mqtt://x:99999", "mqtt://x:y", "mqtt://x/path", "x"],
)
def test_what_is_no_brokers_address_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="is not a broker's address"):
        MqttNotifierSettings.model_validate({"url": url})


@pytest.mark.parametrize("prefix", ["", "a/#", "a+b", "/a", "a/", "$SYS", "a\x00"])
def test_what_cannot_begin_a_topic_is_refused(prefix: str) -> None:
    with pytest.raises(ValidationError, match="cannot begin a topic"):
        MqttNotifierSettings.model_validate({"prefix": prefix})
