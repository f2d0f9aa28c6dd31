from __future__ import annotations

from functools import partial
from typing import Any

import anyio
import httpx
import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from core.clock import ManualClock
from service.auth import Doorkeeper
from service.gate import HEADERS, MOST_BODY, Gate

TOKEN = "a-token-that-is-long"
JSON = {"content-type": "application/json"}


async def inside(scope: Scope, receive: Receive, send: Send) -> None:
    body = await Request(scope, receive).body()
    headers = {"cache-control": "max-age=9"} if scope["path"] == "/static/x" else None
    await PlainTextResponse(f"{len(body)}", headers=headers)(scope, receive, send)


def ask(
    method: str, path: str, token: str = "", hosts: tuple[str, ...] = (), **given: Any
) -> httpx.Response:
    gate = Gate(inside, Doorkeeper(token, ManualClock()), hosts)

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(gate)
        async with httpx.AsyncClient(transport=transport, base_url="http://feed.lan") as client:
            return await client.request(method, path, **given)

    return anyio.run(send)


def test_what_is_asked_for_properly_passes_with_protective_headers() -> None:
    reply = ask("POST", "/api", json={"by": "Ayesha"})
    assert (reply.status_code, reply.text) == (200, "15")
    assert HEADERS.items() <= dict(reply.headers).items()


def test_an_answer_may_say_its_own_headers() -> None:
    assert ask("GET", "/static/x").headers["cache-control"] == "max-age=9"


@pytest.mark.parametrize("host", ["feed.lan", "FEED.lan:8765", "[::1]:80", "[::1]"])
def test_a_known_host_is_answered(host: str) -> None:
    reply = ask("GET", "/", hosts=("Feed.Lan", "::1"), headers={"host": host})
    assert reply.status_code == 200


def test_a_foreign_host_is_not() -> None:
    reply = ask("GET", "/", hosts=("feed.lan",), headers={"host": "evil.example"})
    assert reply.status_code == 421
    assert "'evil.example'" in reply.json()["error"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "none"}, 200),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "http://feed.lan"}, 200),
        ({"origin": "http://FEED.lan"}, 200),
        ({"origin": "null"}, 403),
        ({"origin": "http://feed.lan:81"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"content-type": "text/plain"}, 415),
        ({"content-type": "application/x-www-form-urlencoded"}, 415),
        ({"content-type": "application/json; charset=utf-8"}, 200),
    ],
)
def test_changes_come_from_our_own_page_or_from_a_program(
    headers: dict[str, str], status: int
) -> None:
    reply = ask("POST", "/api", content=b"{}", headers=JSON | headers)
    assert reply.status_code == status


def test_a_foreign_page_may_read_nothing_but_may_ask() -> None:
    reply = ask("GET", "/api", headers={"sec-fetch-site": "cross-site"})
    assert reply.headers["cross-origin-resource-policy"] == "same-origin"


def test_the_login_form_is_sent_as_a_form() -> None:
    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert ask("POST", "/login", content=b"token=x", headers=kind).status_code == 200


@pytest.mark.parametrize("length", [str(MOST_BODY + 1), "9" * 30, "-1", "x", "²"])
def test_a_body_said_to_be_too_large_is_not_read(length: str) -> None:
    raw = [(b"content-length", length.encode()), (b"content-type", b"application/json")]
    reply = ask("GET", "/api", headers=raw)
    assert reply.status_code == 413


def test_a_body_that_turns_out_too_large_is_cut_off() -> None:
    async def pieces() -> Any:
        for _ in range(10):
            yield b"x" * 10_000

    with pytest.raises(HTTPException) as caught:
        ask("POST", "/api", content=pieces(), headers=JSON)
    assert caught.value.status_code == 413


def test_a_stranger_is_told_how_to_come_in() -> None:
    reply = ask("GET", "/api", token=TOKEN)
    assert reply.status_code == 401
    assert reply.headers["www-authenticate"] == "Bearer"
    assert "log in at /login" in reply.json()["error"]


def test_a_browser_is_led_to_the_login_and_from_there_back() -> None:
    reply = ask("GET", "/alerts/a b", token=TOKEN, headers={"accept": "text/html,*/*"})
    assert reply.status_code == 303
    assert reply.headers["location"] == "/login?next=/alerts/a%20b"


def test_what_is_no_request_passes_untouched() -> None:
    seen: list[str] = []

    async def app(scope: Scope, _: Receive, __: Send) -> None:
        seen.append(scope["type"])

    async def nothing() -> Message:
        raise AssertionError

    async def nowhere(_: Message) -> None:
        raise AssertionError

    gate = Gate(app, Doorkeeper(TOKEN, ManualClock()))
    anyio.run(partial(gate, {"type": "lifespan"}, nothing, nowhere))
    assert seen == ["lifespan"]
