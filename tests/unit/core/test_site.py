"""What a site and its centre say to each other: read as it was written, or refused."""

from __future__ import annotations

import msgspec
import pytest
from pydantic import TypeAdapter, ValidationError

from core import site
from core.compression import compress
from core.journal import Command
from core.site import Cases, Sender, State, Topic


def test_topics_name_the_sender_and_what_they_carry() -> None:
    assert site.topic("millwright", "lahore", Topic.CASES) == "millwright/sites/lahore/cases"


@pytest.mark.parametrize(
    "body",
    [
        Cases("j", 1, 2, ((b"step", b"case"),)),
        State(5, 7, (b"status",), ({"source": "telemetry", "received": 3},)),
        Command("c1", "acknowledge", "case", "amina", "seen", 3),
    ],
)
def test_what_is_said_comes_out_as_it_was(body: Cases | State | Command) -> None:
    assert site.unpack(site.pack(body), type(body)) == body


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        compress(b""),
        compress(b"\xc1"),
        compress(msgspec.msgpack.encode({"journal": 5})),
        compress(b"\x81\xa6ledger" + b"\x91" * 100_000),
        compress(b"\x81\xa3\xff\xfe\xfd\x01"),
    ],
)
def test_what_is_none_is_refused_with_words(body: bytes) -> None:
    for form in (Cases, State, Command):
        with pytest.raises(ValueError, match="not a site's message"):
            site.unpack(body, form)


@pytest.mark.parametrize(
    ("first", "last", "journal"),
    [(0, 1, "j"), (3, 2, "j"), (1, 2**63, "j"), (-5, -1, "j"), (1, 2, "j" * 65)],
)
def test_numbers_that_no_store_could_keep_are_refused(first: int, last: int, journal: str) -> None:
    with pytest.raises(ValueError, match="numbered"):
        site.check_numbers(Cases(journal, first, last, ()))
    site.check_numbers(Cases("j" * 64, 1, 2**62 - 1, ()))


@pytest.mark.parametrize("prefix", ["a/+", "#", "/a", "a/", "$SYS", "", "a\x00b"])
def test_a_prefix_that_cannot_begin_a_topic_is_refused(prefix: str) -> None:
    with pytest.raises(ValidationError, match="cannot begin a topic"):
        TypeAdapter(site.Prefix).validate_python(prefix)
    assert TypeAdapter(site.Prefix).validate_python("plant/one") == "plant/one"


def test_a_sender_is_a_plain_name() -> None:
    assert TypeAdapter(Sender).validate_python("lahore-2") == "lahore-2"
    for name in ("", "Lahore", "a/b", "a b", "-a", "a" * 33):
        with pytest.raises(ValidationError):
            TypeAdapter(Sender).validate_python(name)
