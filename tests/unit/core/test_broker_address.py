"""A broker's address, as text and taken apart."""

from __future__ import annotations

import pytest

from core.broker_address import BrokerAddress, broker_address


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("mqtt://here", BrokerAddress("here", 1883)),
        ("mqtt://here:99/", BrokerAddress("here", 99)),
        ("mqtts://here", BrokerAddress("here", 8883, tls=True)),
        ("mqtts://[::1]:9", BrokerAddress("::1", 9, tls=True)),
        ("ws://here", BrokerAddress("here", 80, websocket=True)),
        ("wss://here/a/b", BrokerAddress("here", 443, tls=True, websocket=True, path="/a/b")),
    ],
)
def test_an_address_says_host_port_and_way(url: str, expected: BrokerAddress) -> None:
    assert broker_address(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        *("here", "here:1", "http://here", "mqtts://", "mqtts://here:0", "mqtt://here:65536"),
        *("mqtts://here/path", "ws://here/?a=b", "wss://here/#a"),
    ],
)
def test_what_is_none_says_how_one_is_written(url: str) -> None:
    with pytest.raises(ValueError, match=r"mqtt://127\.0\.0\.1:1883 or mqtts://"):
        broker_address(url)


def test_credentials_do_not_belong_in_an_address() -> None:
    with pytest.raises(ValueError, match="no user name"):
        broker_address("mqtts://me:secret@here")


def test_the_client_is_told_the_transport_in_its_own_words() -> None:
    assert broker_address("mqtts://here").transport == "tcp"
    assert broker_address("wss://here").transport == "websockets"
