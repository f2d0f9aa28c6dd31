import json

import pytest

from cli.options import print_rows

ROWS = [{"id": 1, "opened_at": "now", "title": "پمپ"}, {"id": 22, "opened_at": None, "title": "x"}]


def test_rows_are_printed_as_a_table(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_rows(ROWS, ("id", "opened_at"), as_json=False)

    assert capsys.readouterr().out.splitlines() == ["id  opened at", "1   now", "22"]


def test_rows_are_printed_as_one_json_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(ROWS, (), as_json=True)

    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line) for line in lines] == ROWS
    assert "پمپ" in lines[0]
