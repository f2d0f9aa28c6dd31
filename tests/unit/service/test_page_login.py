from __future__ import annotations

from collections.abc import Iterator

import pytest

from service.auth import COOKIE
from service.gate import HEADERS
from service.page import FILES
from tests.pages import TOKEN, Room


@pytest.fixture
def room() -> Iterator[Room]:
    yield Room()


def test_files_are_served_from_a_list_with_their_types(room: Room) -> None:
    for name, kind in FILES.items():
        reply = room.client.get(f"/static/{name}")
        assert (reply.status_code, reply.headers["content-type"]) == (200, kind)
        assert "immutable" in reply.headers["cache-control"]
    for name in ("page.py", "..%2fpage.py", "nothing"):
        assert room.client.get(f"/static/{name}").status_code == 404
    assert room.client.get("/favicon.ico").headers["content-type"] == "image/svg+xml"


def test_pages_are_not_cached_and_carry_the_gates_headers(room: Room) -> None:
    reply = room.client.get("/")
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["content-security-policy"] == HEADERS["content-security-policy"]


def test_without_a_token_there_is_nothing_to_log_in_to(room: Room) -> None:
    assert room.client.get("/login").headers["location"] == "/"
    assert "Log out" not in room.client.get("/").text
    reply = room.client.post("/login", data={"token": "x"})
    assert (reply.headers["location"], "set-cookie" in reply.headers) == ("/", False)


def test_the_page_asks_a_stranger_to_log_in_and_lets_the_token_in() -> None:
    room = Room(token=TOKEN)
    away = room.client.get("/alerts/c1", headers={"accept": "text/html"})
    assert away.headers["location"] == "/login?next=/alerts/c1"
    form = room.opens(away.headers["location"])
    assert {"type": "hidden", "name": "next", "value": "/alerts/c1"} in form.of("input")
    wrong = room.client.post("/login", data={"token": "no", "next": "/"})
    assert wrong.status_code == 401
    assert "not right" in wrong.text
    right = room.client.post("/login", data={"token": TOKEN, "next": "/assets"})
    assert (right.status_code, right.headers["location"]) == (303, "/assets")
    assert "Secure" not in right.headers["set-cookie"]
    assert "Log out" in room.opens("/").text
    assert room.client.get("/login").headers["location"] == "/"
    left = room.client.post("/logout", data={})
    assert left.headers["location"] == "/login"
    assert room.client.get("/").status_code == 401


def test_over_https_the_cookie_is_kept_to_it() -> None:
    room = Room(token=TOKEN)
    reply = room.client.post("https://testserver/login", data={"token": TOKEN})
    assert "; Secure" in reply.headers["set-cookie"]
    assert COOKIE in reply.headers["set-cookie"]


@pytest.mark.parametrize(
    "mean",
    ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", "/\t/x", ""],
)
def test_a_login_leads_nowhere_else(mean: str) -> None:
    room = Room(token=TOKEN)
    reply = room.client.post("/login", data={"token": TOKEN, "next": mean})
    assert reply.headers["location"] == "/"


def test_a_broken_body_is_a_wrong_token() -> None:
    room = Room(token=TOKEN)
    head = {"content-type": "application/x-www-form-urlencoded"}
    assert room.client.post("/login", content=b"\xff\xfe=&&token", headers=head).status_code == 401
