from __future__ import annotations

from core.suggestion import closest, listed, quoted, unknown


def test_a_name_that_is_not_known_gets_what_it_may_have_meant() -> None:
    assert unknown("detector", "zscor", ("limits", "zscore")) == (
        'unknown detector "zscor"; did you mean "zscore"? known: limits, zscore'
    )
    assert unknown("class", "boiler", ("pump",)) == 'unknown class "boiler"; known: pump'
    assert unknown("class", "pump", ()) == 'unknown class "pump"; known: none'


def test_capital_letters_do_not_hide_a_name() -> None:
    assert closest("VIBRATION", ("vibration", "temp")) == ["vibration"]
    assert closest("asia/karachi", ("Asia/Karachi",)) == ["Asia/Karachi"]


def test_many_known_names_are_counted_not_listed() -> None:
    assert listed(str(n) for n in range(14)).endswith("10, 11 and 2 more")


def test_only_so_many_names_are_compared() -> None:
    known = (f"other{n}" for n in range(10_000_000))
    assert closest("zzz", known) == []
    assert next(known) == "other1000"


def test_what_came_from_outside_is_quoted_on_one_line_and_cut() -> None:
    assert quoted("a\nb\x1b[31m") == '"a b [31m"'
    assert quoted("x" * 61) == f'"{"x" * 60}…"'
    assert quoted("x" * 60) == f'"{"x" * 60}"'
