import pytest
from pydantic import ValidationError

from core.clock import DAY, HOUR, MINUTE, SECOND
from core.quantity import Duration, Share, Size, share, size, size_text, span, span_text
from core.settings import Settings


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("30s", 30 * SECOND),
        ("10min", 10 * MINUTE),
        ("10 min", 10 * MINUTE),
        ("1.5h", 90 * MINUTE),
        ("7d", 7 * DAY),
        ("2w", 14 * DAY),
        ("250ms", SECOND // 4),
        (2 * HOUR, 2 * HOUR),
    ],
)
def test_spans_are_read_as_people_write_them(text: object, nanoseconds: int) -> None:
    assert span(text) == nanoseconds


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("soon", "'soon' is not a quantity; write it like 30s, 10min, 2h or 7d"),
        ("5 parsecs", "'5 parsecs' has no known unit; known: ms, s, min, m, h, d, w"),
        ("5", "'5' has no known unit; known: ms, s, min, m, h, d, w"),
        (True, "True is not a quantity; write it like 30s, 10min, 2h or 7d"),
        (1.5, "1.5 is not a quantity; write it like 30s, 10min, 2h or 7d"),
    ],
)
def test_what_is_no_span_is_said_with_an_example(text: object, words: str) -> None:
    with pytest.raises(ValueError, match=".") as caught:
        span(text)

    assert str(caught.value) == words


def test_sizes_are_read_as_people_write_them() -> None:
    assert (size("64kB"), size("2GB"), size("1.5 MB"), size(7)) == (64_000, 2 * 10**9, 1_500_000, 7)


def test_shares_are_numbers_or_percentages_from_nought_to_one() -> None:
    assert (share("5%"), share(0.05), share("0.5"), share(1)) == (0.05, 0.05, 0.5, 1.0)
    with pytest.raises(ValueError, match="'120%' is not between 0% and 100%"):
        share("120%")
    with pytest.raises(ValueError, match="True is not a quantity"):
        share(True)


def test_settings_take_quantities_and_show_an_example_in_their_schema() -> None:
    class Some(Settings):
        every: Duration = MINUTE
        room: Size = 10
        part: Share = 0.1

    some = Some.model_validate({"every": "5s", "room": "1kB", "part": "3%"})

    assert (some.every, some.room, some.part) == (5 * SECOND, 1000, 0.03)
    assert Some.model_json_schema()["properties"]["every"]["examples"] == ["10min"]
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        Some.model_validate({"evry": "5s"})


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "0s"),
        (250_000_000, "250ms"),
        (SECOND, "1s"),
        (90 * SECOND, "90s"),
        (10 * MINUTE, "10min"),
        (36 * HOUR, "36h"),
        (400 * DAY, "400d"),
        (1_500_000, "1.5ms"),
    ],
)
def test_a_span_is_written_as_it_is_read(nanoseconds: int, text: str) -> None:
    assert span_text(nanoseconds) == text
    assert span(text) == nanoseconds


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0B"), (7, "7B"), (64_000, "64kB"), (2 * 10**9, "2GB"), (1500, "1500B"), (10**12, "1TB")],
)
def test_a_size_is_written_as_it_is_read(count: int, text: str) -> None:
    assert size_text(count) == text
    assert size(text) == count


def test_a_bare_number_in_a_file_is_refused_since_it_would_be_nanoseconds() -> None:
    class Some(Settings):
        every: Duration = MINUTE
        room: Size = 10

    assert Some.model_validate({"every": 5, "room": 5}) == Some(every=5, room=5)
    with pytest.raises(ValidationError, match="600 has no unit; write it like 30s, 10min"):
        Some.model_validate_json('{"every": 600}')
    with pytest.raises(ValidationError, match="5 has no unit; write it like 64kB"):
        Some.model_validate_json('{"room": 5}')
