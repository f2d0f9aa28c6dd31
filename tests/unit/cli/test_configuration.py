from __future__ import annotations

import os
from pathlib import Path

import pytest

from cli.configuration import load
from cli.options import SHIPPED
from core.clock import DAY, MINUTE, SECOND
from core.errors import ConfigError
from models.mewma import Mewma, MewmaSettings
from models.registry import DETECTORS
from tests.configurations import PLANT, PUMP, but, faults, folder


def told(where: Path) -> str:
    (fault,) = faults(where)
    return fault


def test_the_configuration_that_ships_is_sound() -> None:
    shipped = load(SHIPPED)

    assert {"centrifugal_pump", "electric_motor", "compressor"} <= set(shipped.plant.classes)
    assert all(each.rules and each.failure_modes for each in shipped.plant.classes.values())
    assert {asset.asset_class for asset in shipped.plant.assets.values()} == set(
        shipped.plant.classes
    )
    assert shipped.service.feed.local
    assert shipped.data == SHIPPED.parent / "data"


def test_a_sound_folder_becomes_a_plant_and_settings(tmp_path: Path) -> None:
    found = load(folder(tmp_path / "c", service="data: ../kept\nhistory: {keep: 30d}\n"))

    assert list(found.plant.assets) == ["lahore/water/p1"]
    assert found.plant.sites["lahore"].timezone == "Asia/Karachi"
    assert found.plant.class_of("lahore/water/p1").channel_names == ("speed", "vibration", "temp")
    assert (found.plant.too_early, found.plant.tick_every) == (5 * MINUTE, 10 * SECOND)
    assert found.plant.retention == 30 * DAY
    assert found.data == tmp_path / "kept"


def test_the_service_file_may_be_missing_or_empty(tmp_path: Path) -> None:
    without = load(folder(tmp_path / "a"))
    empty = load(folder(tmp_path / "b", service="# all as it comes\n"))

    assert without.service == empty.service
    assert without.data == tmp_path / "a" / "data"


def test_a_class_is_called_by_its_file_or_by_its_own_name(tmp_path: Path) -> None:
    where = folder(tmp_path / "c", fan=f"name: blower\n{PUMP}")

    assert list(load(where).plant.classes) == ["blower", "pump"]


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    assert faults(tmp_path / "gone") == [f"{tmp_path}/gone: no such folder"]


def test_every_fault_in_every_file_is_told_at_once_in_the_order_of_files_and_lines(
    tmp_path: Path,
) -> None:
    where = folder(
        tmp_path / "c",
        plant=but(PLANT, "Asia/Karachi", "Asia/Karaci") + "tick_evry: 1s\n",
        pump=but(but(PUMP, "mm/s", "mmm/s"), "detector: zones", "detector: zone"),
        service="feed: {port: 99999}\nbroker: {pasword: env:A}\n",
        fan="channels: {a: {unit: 5}}\nmodes: {channel: b}\n",
    )

    assert [fault.split(" ")[0] for fault in faults(where)] == [
        "classes/fan.yaml:1:",
        "classes/fan.yaml:2:",
        "classes/fan.yaml:2:",
        "classes/pump.yaml:3:",
        "classes/pump.yaml:10:",
        "plant.yaml:3:",
        "plant.yaml:8:",
        "service.yaml:1:",
        "service.yaml:2:",
    ]


def test_what_a_detector_has_against_its_class_is_told_beside_all_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def picky(*_: object) -> Mewma:
        msg = "two channels to compare are needed"
        raise ValueError(msg)

    monkeypatch.setitem(DETECTORS, MewmaSettings, picky)
    where = folder(tmp_path / "c", plant=PLANT + "x: 1\n")

    assert faults(where) == [
        "classes/pump.yaml:8: detectors.pattern: two channels to compare are needed",
        'plant.yaml:8: unknown key "x"; '
        "known: sites, too_early, tick_every, gone_after, stops, costs",
    ]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("class: pump", "clas: pump", '8: sites.lahore.areas.water.assets.p1: unknown key "clas"'),
        ("class: pump", "class: pumpe", 'unknown class "pumpe"; did you mean "pump"? known: pump'),
        ("Asia/Karachi", "Asia/Karaci", 'time zone "Asia/Karaci"; did you mean "Asia/Karachi" or '),
        ("Asia/Karachi", "asia/karachi", 'did you mean "Asia/Karachi"'),
        ("Asia/Karachi", "PKT", 'unknown time zone "PKT"; known: IANA names such as "Asia/Karachi'),
        ("Asia/Karachi", "+05:00", 'unknown time zone "+05:00"'),
        ("Asia/Karachi", "../../etc/passwd", 'unknown time zone "../../etc/passwd"'),
        ("Asia/Karachi", "Asia", 'unknown time zone "Asia"'),
        ("Asia/Karachi", f"A{'x' * 5000}", "unknown time zone"),
        ("Asia/Karachi", "", "sites.lahore.timezone: must be text, not empty"),
        ("    timezone: Asia/Karachi\n", "", "sites.lahore.timezone: missing; it has no default"),
        ("class: pump", "class: pump, clock: devise", '"devise" is not allowed; did you mean "dev'),
        ("p1:", "p 1:", '"p 1" is not a name; allowed: 1 to 64 of the letters'),
        ("lahore:", "لاہور:", '"لاہور" is not a name; allowed: 1 to 64 of the letters'),
        ("class: pump", "class: pump, installed: soon", '"soon" is not a day; write it like'),
    ],
)
def test_faults_of_the_plant_are_told(tmp_path: Path, old: str, new: str, words: str) -> None:
    where = folder(tmp_path / "c", plant=but(PLANT, old, new))

    assert any(words.removeprefix("8: ") in fault for fault in faults(where))
    assert all(fault.startswith("plant.yaml:") for fault in faults(where))


@pytest.mark.parametrize(
    ("service", "words"),
    [
        ("brokr: {}", 'unknown key "brokr"; did you mean "broker"? known: data, broker, ingest'),
        ("broker: {url: 'http://x'}", '"http://x" is not a broker\'s address; write it like mqtt:'),
        ("ingest: {topic: 'a/{site}/{asset}'}", "must have each of {site}, {area}, {asset} once"),
        ("ingest: {time: seconds}", '"seconds" is not allowed; known: iso, s, ms, us, ns'),
        ("journal: {max_size: 2000000}", "2000000 has no unit; write it like 64kB, 500MB or 2GB"),
        ("journal: {when_full: drop}", '"drop" is not allowed; known: stop, drop_unstored'),
        ("history: {kind: sqlit}", 'did you mean "sqlite"? known: sqlite, influxdb, memory'),
        ("history: {keep: 400}", "400 has no unit; write it like 30s, 10min, 2h or 7d"),
        ("feed: {port: '80'}", 'must be a whole number, not "80"; write it without quotes'),
        ("feed: {decide_within: 2min}", 'must be at most 1min, not "2min"'),
        ("notifiers: {kind: mqtt}", "notifiers: must be a list, not a block of keys"),
        ("notifiers: [{kind: mqt}]", '"mqt" is not allowed; did you mean "mqtt"? known: mqtt'),
        ("notifiers: [{}, {}]", 'notifiers: two are called "mqtt"; give each a name of its own'),
        ("notifiers: [{}, {name: b}]", '"b" and mqtt are both "millwright-alerts" at one broker'),
        ("notifiers: [{client_id: millwright}]", '"mqtt" and ingest are both "millwright" at one'),
        ("broker: {password: env:A}", "broker: a password without a username is never sent"),
        ("notifiers: [{password: env:A}]", "notifiers.mqtt: a password without a username is"),
        ("broker:", "broker: must be a block of keys, not empty"),
    ],
)
def test_faults_of_the_service_are_told(tmp_path: Path, service: str, words: str) -> None:
    said = told(folder(tmp_path / "c", service=f"\n{service}\n"))

    assert said.startswith("service.yaml:2: ")
    assert words in said


def test_two_notifiers_are_told_apart_by_name_and_session(tmp_path: Path) -> None:
    apart = "{name: b, client_id: b}, {name: c, url: 'mqtt://other'}"
    where = folder(tmp_path / "c", service=f"notifiers: [{{}}, {apart}]\n")

    assert [one.name for one in load(where).service.notifiers] == ["mqtt", "b", "c"]


@pytest.mark.parametrize("name", ["plant.yml", "plants.yaml", "plannt.yaml"])
def test_a_plant_file_by_another_name_is_noticed(tmp_path: Path, name: str) -> None:
    where = folder(tmp_path / "c")
    (where / "plant.yaml").rename(where / name)

    assert sorted(faults(where)) == sorted(
        [
            "plant.yaml: cannot be read: No such file or directory",
            f"{name}: is not read; did you mean plant.yaml?",
        ]
    )


def test_a_class_file_by_another_ending_is_noticed_and_hidden_files_are_not(tmp_path: Path) -> None:
    where = folder(tmp_path / "c")
    (where / "classes" / ".#pump.yaml").symlink_to("nobody@nowhere")
    assert faults(where) == []

    (where / "classes" / "fan.yml").write_text(PUMP)
    assert told(where) == "classes/fan.yml: is not read; rename it to fan.yaml"


def test_a_missing_folder_of_classes_is_noticed(tmp_path: Path) -> None:
    where = folder(tmp_path / "c")
    (where / "classes" / "pump.yaml").unlink()
    (where / "classes").rmdir()

    said = faults(where)

    assert said[0] == "classes: no such folder; it holds a file per class"
    assert said[1].endswith('unknown class "pump"; known: none')


def test_two_classes_cannot_have_one_name_and_a_name_is_a_name(tmp_path: Path) -> None:
    twice = folder(tmp_path / "a", other=f"name: pump\n{PUMP}")
    assert told(twice) == 'classes/pump.yaml:1: name: duplicate class "pump"'

    odd = folder(tmp_path / "b")
    (odd / "classes" / "my fan.yaml").write_text(PUMP)
    assert '"my fan" is not a name; allowed: 1 to 64 of the letters' in told(odd)


def test_a_class_whose_file_is_broken_is_still_known_to_the_plant(tmp_path: Path) -> None:
    said = told(folder(tmp_path / "c", pump="channels: [\n"))

    assert said.startswith("classes/pump.yaml:1: not YAML: ")


@pytest.mark.parametrize(
    ("plant", "words"),
    [
        ("", "plant.yaml:1: sites: missing; it has no default"),
        ("- lahore\n", "plant.yaml:1: must be a block of keys, not a list"),
        (
            PLANT + "  lahore: {timezone: UTC}\n",
            "plant.yaml:8: sites.lahore: duplicate key; it is ",
        ),
        ("sites:\n\tlahore: {}\n", "plant.yaml:2: not YAML: "),
        (PLANT.encode() + b"# \xff\n", "plant.yaml:8: not UTF-8: byte 0xff"),
        (PLANT.encode("utf-16"), "plant.yaml:1: not UTF-8: byte 0xff"),
        (PLANT + "x: a\x1bb\n", "plant.yaml:8: not YAML: unacceptable character #x001b"),
        ("[" * 500_000, "plant.yaml:1: nested deeper than 40 levels"),
        ("#" * 1_000_001, "plant.yaml: larger than 1000 kB"),
    ],
    ids=["empty", "list", "twice", "tab", "latin", "utf-16", "escape", "deep", "large"],
)
def test_files_that_are_no_configuration_are_told(
    tmp_path: Path, plant: str | bytes, words: str
) -> None:
    assert told(folder(tmp_path / "c", plant=plant)).startswith(words)


def test_anchors_are_understood(tmp_path: Path) -> None:
    plant = but(PLANT, "p1: {class: pump}", "p1: &p {class: pump}\n          p2: *p")

    assert len(load(folder(tmp_path / "c", plant=plant)).plant.assets) == 2


def _alias_bomb() -> str:
    rows = "".join(f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 30))
    return f"a0: &a0 [x, x]\n{rows}"


def _bomb_of_faults() -> str:
    rows = "".join(
        f"  k{i}: &k{i} {{{','.join(f'x{j}: *k{i - 1}' for j in range(10))}}}\n"
        for i in range(1, 5)
    )
    return f"sites:\n  k0: &k0 {{zz: 1}}\n{rows}"


@pytest.mark.parametrize("plant", [_alias_bomb(), _bomb_of_faults()], ids=["values", "faults"])
def test_an_alias_bomb_is_put_out(tmp_path: Path, plant: str) -> None:
    assert faults(folder(tmp_path / "c", plant=plant))


def test_thousands_of_unknown_names_are_not_compared_each_with_each(tmp_path: Path) -> None:
    pump = (
        "channels: {a: {}}\n"
        f"detectors: {{{', '.join(f'd{i}: {{kind: mewma}}' for i in range(2000))}}}\n"
        f"rules: {{{', '.join(f'r{i}: {{detector: zz{i}}}' for i in range(2000))}}}\n"
    )

    assert len(faults(folder(tmp_path / "c", pump=pump))) == 1000


def test_the_revision_tells_contents_apart_but_not_comments(tmp_path: Path) -> None:
    def revision(name: str, plant: str = PLANT, pump: str = PUMP) -> str:
        return load(folder(tmp_path / name, plant=plant, pump=pump)).plant.revision

    first = revision("a")

    assert revision("b", plant=f"# said\n{PLANT}", pump=PUMP + "\n\n# more\n") == first
    assert revision("c", plant=PLANT + "tick_every: 20s\n") != first
    assert revision("d", pump=but(PUMP, "alarm: 8", "alarm: 9")) != first


def test_paths_are_told_from_where_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder(tmp_path / "c", plant="")
    monkeypatch.chdir(tmp_path)

    with pytest.raises(ConfigError, match=r"^c/plant\.yaml:1: "):
        load(Path("c"))
    with pytest.raises(ConfigError, match=r"^c/plant\.yaml:1: "):
        load(tmp_path / "c")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    where = folder(tmp_path / "c")
    (where / "plant.yaml").chmod(0)

    assert told(where) == "plant.yaml: cannot be read: Permission denied"


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ("{modell: NK}", 'assets.p1: unknown attribute "model"; did you mean "modell"? known: mod'),
        (
            "{}",
            'assets.p1: unknown attribute "model"; known: none; lives of its class differ by it',
        ),
        ("{model: NK}", ""),
    ],
)
def test_an_attribute_that_lives_differ_by_must_be_known_of_each_asset(
    tmp_path: Path, attributes: str, said: str
) -> None:
    asset = f"{{class: pump, attributes: {attributes}}}"
    pump = f"{PUMP}ages: {{by: [model], repairs: true}}\n"
    where = folder(tmp_path / "c", but(PLANT, "{class: pump}", asset), pump)
    assert (said in told(where)) if said else load(where).plant.classes["pump"].ages.repairs


def test_an_attribute_that_stands_there_twice_is_told(tmp_path: Path) -> None:
    where = folder(tmp_path / "c", pump=f"{PUMP}ages: {{by: [model, model]}}\n")
    assert "ages.by: model stands there twice" in faults(where)[0]
