from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from cli.options import SHIPPED
from tests.configurations import PLANT, PUMP, but, folder


def check(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["check", *map(str, arguments)])


def test_what_ships_passes() -> None:
    result = check("-c", SHIPPED)

    assert result.exit_code == 0
    assert "no fault in it (revision " in result.stdout
    assert "centrifugal_pump: " in result.stdout


def test_without_a_folder_it_checks_what_ships(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MILLWRIGHT_CONFIG", raising=False)

    assert check().stdout == check("-c", SHIPPED).stdout


def test_it_counts_what_is_in_a_sound_folder(tmp_path: Path) -> None:
    plant = but(PLANT, "p1: {class: pump}", "p1: {class: pump}\n          p2: {class: pump}")
    result = check("-c", folder(tmp_path / "c", plant=plant, bus="channels: {a: {}}\n"))

    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert lines[1:4] == [
        "1 site, 2 assets, 2 classes, 1 rule",
        "  bus: 0 assets, 1 channel, 0 detectors, 0 rules, 0 failure modes",
        "  pump: 2 assets, 3 channels, 2 detectors, 1 rule, 1 failure mode",
    ]
    assert lines[4] == f"broker mqtt://127.0.0.1:1883, data in {tmp_path / 'c' / 'data'}"


def test_faults_go_to_stderr_one_a_line_with_their_count_and_exit_2(tmp_path: Path) -> None:
    one = check("-c", folder(tmp_path / "a", plant=but(PLANT, "class: pump", "class: pumpe")))
    two = check("-c", folder(tmp_path / "b", plant="", pump=but(PUMP, "mm/s", "mmm/s")))

    assert (one.exit_code, two.exit_code) == (2, 2)
    assert (one.stdout, two.stdout) == ("", "")
    assert one.stderr.splitlines()[-1] == "1 fault"
    assert 'plant.yaml:7: sites.lahore.areas.water.assets.p1.class: unknown class "pumpe"; did' in (
        one.stderr
    )
    assert two.stderr.splitlines()[-1] == "2 faults"
    assert len(two.stderr.splitlines()) == 3


def test_a_missing_folder_exits_2(tmp_path: Path) -> None:
    result = check("-c", tmp_path / "gone")

    assert result.exit_code == 2
    assert "gone: no such folder" in result.stderr


def test_as_json_it_says_what_is_in_a_folder(tmp_path: Path) -> None:
    found = json.loads(check("-c", folder(tmp_path / "c"), "--json").stdout)

    assert (found["sites"], found["assets"], found["rules"]) == (1, 1, 1)
    assert found["classes"]["pump"]["failure_modes"] == 1
    assert len(found["revision"]) == 16


def test_as_json_each_fault_is_an_object_on_a_line_of_its_own(tmp_path: Path) -> None:
    where = folder(tmp_path / "c", plant="", service="feed: {prt: 1}\n")
    result = check("-c", where, "--json")

    assert result.exit_code == 2
    assert [json.loads(line) for line in result.stdout.splitlines()] == [
        {
            "path": f"{where}/plant.yaml",
            "line": 1,
            "message": "sites: missing; it has no default",
        },
        {
            "path": f"{where}/service.yaml",
            "line": 1,
            "message": 'feed: unknown key "prt"; did you mean "port"? known: host, port, token, '
            "names, decide_within, most_streams",
        },
    ]


def test_the_folder_may_come_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MILLWRIGHT_CONFIG", str(folder(tmp_path / "c", plant="")))

    assert check().exit_code == 2


def test_schemas_are_written_even_where_the_folder_is_at_fault(tmp_path: Path) -> None:
    where = folder(tmp_path / "c", plant="")
    result = check("-c", where, "--schema", tmp_path / "deep" / "schema")

    assert result.exit_code == 2
    assert sorted(path.name for path in (tmp_path / "deep" / "schema").iterdir()) == [
        "class.schema.json",
        "import.schema.json",
        "plant.schema.json",
        "service.schema.json",
    ]
    kinds = ("plant", "class", "service", "import")
    assert result.stdout.splitlines() == [
        f"wrote {tmp_path}/deep/schema/{kind}.schema.json" for kind in kinds
    ]


def test_as_json_nothing_but_json_is_printed(tmp_path: Path) -> None:
    result = check("-c", folder(tmp_path / "c"), "--schema", tmp_path / "s", "--json")

    assert json.loads(result.stdout)["sites"] == 1
    assert (tmp_path / "s" / "plant.schema.json").exists()
