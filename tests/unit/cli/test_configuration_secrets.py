from __future__ import annotations

from pathlib import Path

import pytest

from cli.adapters import open_notifiers
from cli.configuration import load
from core.secret import Secret
from tests.configurations import faults, folder

KEYS = ["broker: {password: %s}", "feed: {token: %s}", "notifiers: [{kind: mqtt, password: %s}]"]
CLEAR = ["tiger-7", "'*tiger-7'", "12345678", "[tiger-7]", "{env: tiger-7}", "env", "'file:'"]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("clear", CLEAR)
def test_a_secret_in_clear_is_refused_and_not_repeated(
    tmp_path: Path, key: str, clear: str
) -> None:
    (said,) = faults(folder(tmp_path / "c", service=key % clear))

    assert said.startswith("service.yaml:1: ")
    assert said.endswith("a secret is written as env:NAME or file:PATH, never in clear")
    assert "tiger" not in said
    assert "12345678" not in said


@pytest.mark.parametrize(
    "service",
    [
        "broker: {password: *tiger-7}",
        "broker:\n  password: !tiger-7",
        "broker:\n  password: !tiger-7 x",
        "broker:\n  password: '\\tiger-7",
        "broker:\n  password: @tiger-7",
        "broker:\n  password: %tiger-7",
        "broker: {url: 'mqtt://u:tiger-7@host'}",
        "broker: {url: 'mqtt://u:ti@tiger-7@host:99999'}",
        "broker: {url: 'mqtt://u:t/tiger-7 x@host'}",
        "notifiers: [{kind: mqtt, url: 'mqtt://u:tiger-7@host'}]",
        "broker: {pasword: tiger-7}",
        "broker:\n  password: env:A\n  password: tiger-7",
    ],
)
def test_however_a_password_goes_wrong_it_is_not_repeated(tmp_path: Path, service: str) -> None:
    said = faults(folder(tmp_path / "c", service=f"{service}\n"))

    assert said
    assert "tiger" not in "".join(said)


def test_references_are_taken_without_being_read(tmp_path: Path) -> None:
    service = "broker: {username: u, password: env:NOT_SET}\nfeed: {token: file:/not/there}\n"
    found = load(folder(tmp_path / "c", service=service)).service

    assert found.broker.password == Secret("env:NOT_SET")
    assert found.feed.token == Secret("file:/not/there")


def test_the_credentials_of_one_broker_are_never_sent_to_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OURS", "tiger-7")
    monkeypatch.setenv("THEIRS", "lion-8")
    service = """\
broker: {username: ours, password: env:OURS}
notifiers:
  - {name: same}
  - {name: other, url: "mqtt://other"}
  - {name: own, client_id: own, username: theirs, password: env:THEIRS}
"""
    made = open_notifiers(load(folder(tmp_path / "c", service=service)))

    told = {one.name: (one._target.username, one._target.password) for one in made}
    assert told == {
        "same": ("ours", "tiger-7"),
        "other": (None, None),
        "own": ("theirs", "lion-8"),
    }


def test_a_page_for_other_machines_without_a_token_is_a_fault(tmp_path: Path) -> None:
    (said,) = faults(folder(tmp_path / "c", service="feed:\n  host: 0.0.0.0\n"))

    assert said == (
        "service.yaml:2: feed.host 0.0.0.0 can be reached from other machines and no feed.token "
        "is set; set feed.token to env:NAME or file:PATH, or feed.host to 127.0.0.1"
    )


def test_a_token_that_is_there_and_too_short_is_a_fault_and_not_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEED_TOKEN", "tiger-7")
    service = "feed:\n  host: 0.0.0.0\n  token: env:FEED_TOKEN\n"
    (said,) = faults(folder(tmp_path / "c", service=service))

    assert said.startswith("service.yaml:3: feed.token has 7 characters and needs at least 16")
    assert "tiger" not in said


@pytest.mark.parametrize("token", ["env:FEED_TOKEN", "env:NOT_SET_HERE"])
def test_a_page_for_other_machines_with_a_token_is_sound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv("FEED_TOKEN", "a-token-of-good-length")
    service = f"feed: {{host: 0.0.0.0, token: {token}}}\n"

    assert faults(folder(tmp_path / "c", service=service)) == []
