from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import AfterValidator, Field, StringConstraints

from core.clock import HOUR, MINUTE, SECOND
from core.document import parse
from core.quantity import Duration, Share, Size
from core.secret import Secret
from core.settings import Settings
from core.validation import NAME_PATTERN, validate


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


class Limit(Settings):
    kind: Literal["limit"] = "limit"
    high: float


class Drift(Settings):
    kind: Literal["drift"] = "drift"
    window: Duration = HOUR
    weights: tuple[float, ...] = Field((), min_length=1)


def _no_spaces(text: str) -> str:
    if " " in text:
        msg = f"{text!r} has a space in it"
        raise ValueError(msg)
    return text


Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]


class Whole(Settings):
    colour: Colour = Colour.RED
    every: Duration = Field(MINUTE, ge=SECOND, le=HOUR)
    room: Size = Field(1000, le=10**6)
    part: Share = 0.1
    port: int = Field(80, gt=0, lt=100, multiple_of=2)
    ratio: float = 1.0
    on: bool = False
    title: str = ""
    place: Path = Path("data")
    address: Annotated[str, AfterValidator(_no_spaces)] = "x"
    password: Secret | None = None
    ends: tuple[float | None, float | None] = (None, None)
    code: str = Field("abc", pattern="^[a-z]+$", min_length=2, max_length=5)
    by_name: dict[Name, Limit | Drift] = Field(default_factory=dict)
    tagged: dict[Name, Annotated[Limit | Drift, Field(discriminator="kind")]] = Field(
        default_factory=dict
    )
    many: tuple[Limit, ...] = ()
    version: Literal["3.1.1", "5"] = "5"
    renamed: str = Field("", alias="class")


def check(text: str) -> tuple[Whole | None, list[str]]:
    document, wrong = parse(text, "x.yaml")
    assert document is not None
    assert wrong == []
    made, faults = validate(Whole, document)
    return made, [str(fault) for fault in faults]


def told(text: str) -> str:
    made, (fault,) = check(text)
    assert made is None
    return fault


def test_an_empty_document_has_every_default() -> None:
    assert check("") == (Whole.model_validate({}), [])


def test_what_is_written_as_a_person_would_is_taken() -> None:
    made, faults = check(
        "colour: green\nevery: 2min\nroom: 2kB\npart: 5%\nratio: 3\non: true\nplace: /tmp/x\n"
        "password: env:A\nends: [null, 4]\ntagged: {a: {kind: drift, weights: [1, 2]}}\nclass: y\n"
    )

    assert faults == []
    assert made is not None
    assert (made.colour, made.every, made.room, made.part) == (Colour.GREEN, 2 * MINUTE, 2000, 0.05)
    assert (made.place, made.password, made.ends) == (Path("/tmp/x"), Secret("env:A"), (None, 4))
    assert made.tagged == {"a": Drift(weights=(1, 2))}
    assert made.renamed == "y"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("port: '80'", 'port: must be a whole number, not "80"; write it without quotes'),
        ("port: 080", 'port: must be a whole number, not "080"'),
        ("port: 8.5", "port: must be a whole number, not 8.5"),
        ("port: true", "port: must be a whole number, not true"),
        ("ratio: '1.5'", 'ratio: must be a number, not "1.5"; write it without quotes'),
        ("ratio: 1,5", 'ratio: must be a number, not "1,5"'),
        ("ratio: false", "ratio: must be a number, not false"),
        ("ratio: .nan", "ratio: must be a finite number, not nan"),
        ("ratio: 1e999", "ratio: must be a finite number, not inf"),
        ("ratio: {a: 1}", "ratio: must be a number, not a block of keys"),
        ("on: yes", 'on: must be true or false, not "yes"'),
        ("on: 1", "on: must be true or false, not 1"),
        ("title: 5", 'title: must be text, not 5; write it in quotes: "5"'),
        ("title: 1.5", 'title: must be text, not 1.5; write it in quotes: "1.5"'),
        ("title:", "title: must be text, not empty"),
        ("title: [a]", "title: must be text, not a list"),
        ("place: 5", 'place: must be text, not 5; write it in quotes: "5"'),
        ("every: 600", "every: 600 has no unit; write it like 30s, 10min, 2h or 7d"),
        ("every: 1.5", "every: 1.5 has no unit; write it like 30s, 10min, 2h or 7d"),
        ("every: true", "every: true is not a quantity; write it like 30s, 10min, 2h or 7d"),
        ("every:", "every: empty is not a quantity; write it like 30s, 10min, 2h or 7d"),
        ("every: 2h", 'every: must be at most 1h, not "2h"'),
        ("every: 500ms", 'every: must be at least 1s, not "500ms"'),
        ("room: 100", "room: 100 has no unit; write it like 64kB, 500MB or 2GB"),
        ("room: 2MB", 'room: must be at most 1MB, not "2MB"'),
        ("part: 120%", 'part: "120%" is not between 0% and 100%'),
        ("part: 7", "part: 7 is not between 0% and 100%"),
        ("port: 100", "port: must be below 100, not 100"),
        ("port: 0", "port: must be above 0, not 0"),
        ("port: 3", "port: must be a multiple of 2, not 3"),
        ("code: a", 'code: must be at least 2 characters long, not "a"'),
        ("code: abcdef", 'code: must be at most 5 characters long, not "abcdef"'),
        ("code: ABC", 'code: "ABC" is not allowed; it must match ^[a-z]+$'),
        ("colour: gren", 'colour: "gren" is not allowed; did you mean "green"? known: red, green'),
        ("colour: blue", 'colour: "blue" is not allowed; known: red, green'),
        ("version: 5", 'version: must be text, not 5; write it in quotes: "5"'),
        ("version: 3.1", 'version: "3.1" is not allowed; did you mean "3.1.1"? known: 3.1.1, 5'),
        ("address: a b", 'address: "a b" has a space in it'),
        ("ends: [1]", "ends.1: missing; it has no default"),
        ("ends: [1, 2, 3]", "ends: must have at most 2, has 3"),
        ("ends: 1-2", 'ends: must be a list, not "1-2"'),
        ("many: {kind: limit}", "many: must be a list, not a block of keys"),
        ("many: [{}]", "many.0.high: missing; it has no default"),
        ("many: [5]", "many.0: must be a block of keys, not 5"),
        (
            "many: [{kind: limt, high: 1}]",
            'many.0.kind: "limt" is not allowed; did you mean "limit',
        ),
        ("tagged: {a: {high: 1}}", 'tagged.a: "kind" is missing; known: drift, limit'),
        (
            "tagged: {a: {kind: limits}}",
            'tagged.a.kind: unknown kind "limits"; did you mean "limit',
        ),
        ("tagged: {a: {kind: 5}}", 'tagged.a.kind: unknown kind "5"; known: limit, drift'),
        ("tagged: {a: {kind: limit, high: x}}", 'tagged.a.high: must be a number, not "x"'),
        (
            "tagged: {a: {kind: drift, weights: []}}",
            "tagged.a.weights: must have at least 1, has 0",
        ),
        (
            "tagged: {a: {kind: drift, weights: [x]}}",
            'tagged.a.weights.0: must be a number, not "x"',
        ),
        ("tagged: {a: {kind: drift, window: 2}}", "tagged.a.window: 2 has no unit; write it like"),
        ("tagged: {a: }", "tagged.a: must be a block of keys, not empty"),
        ("tagged: {a b: {kind: drift, weights: [1]}}", '"a b" is not a name; allowed: 1 to 64'),
        ("titel: x", 'unknown key "titel"; did you mean "title"? known: colour, every, room'),
        ("renamed: x", 'unknown key "renamed"; '),
        (
            "many: [{high: 1, hihg: 1}]",
            'many.0: unknown key "hihg"; did you mean "high"? known: kin',
        ),
        (
            "tagged: {a: {kind: limit, high: 1, weights: 2}}",
            'tagged.a: unknown key "weights"; known: kind, high',
        ),
        ("- a", "x.yaml:1: must be a block of keys, not a list"),
        ("hello", 'x.yaml:1: must be a block of keys, not "hello"'),
    ],
)
def test_each_fault_names_key_value_and_what_is_allowed(text: str, words: str) -> None:
    said = told(text)
    assert said.startswith("x.yaml:1: ")
    assert words in said


def test_a_union_without_a_tag_is_told_for_each_of_its_members() -> None:
    _, faults = check("by_name: {a: {high: x, hihg: 1}}")

    assert 'x.yaml:1: by_name.a.high: must be a number, not "x"' in faults
    assert any('unknown key "hihg"; did you mean "high"?' in fault for fault in faults)
    assert len(faults) == len(set(faults))


def test_all_faults_are_told_at_once_each_with_its_line() -> None:
    _, faults = check("port: x\nratio: y\ntitle: 5\nend: 1\nmany:\n  - high: 1\n  - high: z\n")

    assert [fault.split(": ")[:2] for fault in faults] == [
        ["x.yaml:1", "port"],
        ["x.yaml:2", "ratio"],
        ["x.yaml:3", "title"],
        ["x.yaml:7", "many.1.high"],
        ["x.yaml:4", 'unknown key "end"; did you mean "ends"? known'],
    ]


@pytest.mark.parametrize(
    "written", ["tiger", "12345678", "[tiger]", "{env: tiger}", "'env:'", "env tiger", "true"]
)
def test_a_secret_in_clear_is_refused_and_not_repeated(written: str) -> None:
    said = told(f"password: {written}")

    assert (
        said == "x.yaml:1: password: a secret is written as env:NAME or file:PATH, never in clear"
    )


@pytest.mark.parametrize("login", ["u:tiger@", "u:t@i/tiger@", "tiger@", "u:t tiger@"])
def test_a_password_in_an_address_is_not_repeated(login: str) -> None:
    said = told(f"address: 'mqtt://{login}host a'")

    assert "tiger" not in said
    assert "//…@host a" in said


def test_values_from_outside_are_cut_and_stay_on_one_line() -> None:
    said = told(f'address: "a\\n{"x" * 10_000} b"')

    assert len(said) < 200
    assert "\n" not in said
