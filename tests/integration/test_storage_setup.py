"""`storage setup` and what `doctor` says of InfluxDB, against a real one."""

from __future__ import annotations

import itertools
import json
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.configuration import load
from cli.influx_footing import influx
from core.clock import DAY, MINUTE, SECOND, system_clock
from core.errors import Refused, Unavailable
from core.readings import Quality, Reading, Readings
from simulators.influx import PrivateInflux
from storage.history_influx import InfluxHistory
from storage.influx_server import InfluxPlace, InfluxServer
from storage.influx_setup import InfluxSetup
from storage.influx_task import tasks_for
from tests import folders
from tests.processes import millwright
from tests.waiting import until

pytestmark = pytest.mark.influxd
BUCKETS = ("telemetry", "telemetry_1m", "telemetry_1h", "condition")
_numbers = itertools.count()


@dataclass
class Site:
    """An organisation of this test's own, and a configuration that means it."""

    server: InfluxServer
    folder: Path
    token: Path

    def configured(self, **more: object) -> Path:
        place = self.server.place
        history = {"kind": "influxdb", "url": place.url, "org": place.org}
        said = history | {"token": f"file:{self.token}"} | more
        folder = self.folder / f"plant-{next(_numbers)}"
        return folders.write(folder, more=yaml.safe_dump({"history": said}))

    def setup(self, folder: Path) -> list[dict[str, str]]:
        operator = self.folder / "operator.token"
        operator.touch(0o600)
        operator.write_text(self.server.place.token)
        done = millwright("storage", "setup", "-c", folder, "--token", f"file:{operator}", "--json")
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def place(self) -> InfluxPlace:
        return replace(self.server.place, token=self.token.read_text().strip())

    def bucket(self, name: str) -> Any:
        found = self.server.call(lambda c: c.buckets_api().find_buckets(name=name, org=self.org))
        return found.buckets[0]

    @property
    def org(self) -> str:
        return self.server.place.org


@pytest.fixture
def site(influxd: PrivateInflux, tmp_path: Path) -> Iterator[Site]:
    place = InfluxPlace(influxd.url, f"org-{next(_numbers)}", influxd.token)
    server = InfluxServer(place)
    server.call(lambda c: c.organizations_api().create_organization(name=place.org))
    yield Site(server, tmp_path, tmp_path / "influx.token")
    server.close()


def test_all_that_is_needed_is_made_and_a_second_time_is_harmless(site: Site) -> None:
    folder = site.configured(keep="30d")
    first = site.setup(folder)
    assert [(row["what"].split(" in ")[0], row["how"]) for row in first] == [
        *((f"bucket {name}", "made") for name in BUCKETS),
        ("task 'millwright telemetry_1m'", "made"),
        ("task 'millwright telemetry_1h'", "made"),
        ("token", "made"),
    ]
    assert first[0]["detail"] == "keeps 30d"
    assert stat.S_IMODE(site.token.stat().st_mode) == 0o600
    held = site.token.read_text()
    assert {row["how"] for row in site.setup(folder)} == {"already there"}
    assert site.token.read_text() == held
    verdicts = [(line.what, line.verdict) for line in influx(load(folder))]
    assert verdicts == [("influxdb", "ok"), *((f"bucket {name}", "ok") for name in BUCKETS)]


def test_the_token_does_all_that_the_history_does_and_nothing_else(site: Site) -> None:
    site.setup(site.configured())
    history = InfluxHistory(site.place(), "telemetry", site.folder)
    now = system_clock() // MINUTE * MINUTE
    told = [Reading("a/b/p1", now - k * SECOND, {"v": float(k)}) for k in range(1, 9000)]
    history.write([Readings.of("pump", ("v",), told, arrived=now)], 1)
    while history.settle():
        pass
    assert history.trim(now - 100 * MINUTE) > 0
    assert history.summary("a/b/p1", ("v",), 0, now, MINUTE).count.sum() == 8999
    assert history.latest("a/b/p1") == now - SECOND
    history.close()
    limited = InfluxServer(site.place())
    with pytest.raises(Unavailable, match="403"):
        limited.write("_monitoring", b"a b=1\n")
    assert limited.call(lambda c: c.tasks_api().find_tasks()) == []
    assert limited.call(lambda c: c.authorizations_api().find_authorizations()) == []
    limited.close()


def test_a_bucket_that_forgets_too_soon_is_changed_and_one_that_keeps_longer_stays(
    site: Site,
) -> None:
    site.setup(site.configured(keep="30d"))
    second = {row["what"]: row for row in site.setup(site.configured(keep="90d"))}
    assert second["bucket telemetry"]["how"] == "changed"
    assert second["bucket telemetry"]["detail"] == "keeps 30d until now, 90d now"
    assert site.bucket("telemetry").retention_rules[0].every_seconds == 90 * DAY // SECOND
    third = {row["what"]: row for row in site.setup(site.configured(keep="10d"))}
    assert third["bucket telemetry"] == {
        "what": "bucket telemetry",
        "how": "already there",
        "detail": "keeps 90d",
    }


def test_a_task_that_somebody_changed_is_brought_up_to_date(site: Site) -> None:
    setup = InfluxSetup(site.server)
    list(setup.buckets(dict.fromkeys(BUCKETS, 0)))
    first, _ = tasks_for("telemetry")
    list(setup.tasks([first]))
    older = replace(first, every="7m")
    assert [done.how for done in setup.tasks([older])] == ["changed"]
    assert [done.how for done in setup.tasks([first])] == ["changed"]
    assert [done.how for done in setup.tasks([first])] == ["already there"]


def test_the_tasks_sum_up_what_is_good_as_the_history_does(site: Site) -> None:
    site.setup(site.configured())
    history = InfluxHistory(site.place(), "telemetry", site.folder)
    begin = system_clock() // MINUTE * MINUTE - 5 * MINUTE
    told = []
    for k in range(120):
        bad = {"v": Quality.BAD} if k % 3 == 0 or 60 <= k < 90 else {"v": Quality.UNCERTAIN}
        at = begin + k * 2 * SECOND
        told += [
            Reading("a/b/p1", at, {"v": float(k), "air_quality": 1.0}),
            Reading("a/b/p2", at, {"v": float(k)}, bad),
        ]
    history.write([Readings.of("pump", ("v", "air_quality"), told, arrived=begin)], 1)
    task = site.server.call(lambda c: c.tasks_api().find_tasks(org=site.org))[0]
    run = site.server.call(lambda c: c.tasks_api().run_manually(task.id))

    def ended() -> bool:
        found = site.server.find(lambda c: c.tasks_api().get_run(task.id, run.id))
        assert found is None or found.status != "failed"
        return found is not None and found.status == "success"

    until(ended, what="the task")
    for asset, channel in (("p1", "v"), ("p1", "air_quality"), ("p2", "v")):
        expected = history.summary(f"a/b/{asset}", (channel,), 0, 2**62, MINUTE)
        flux = (
            "from(bucket: bucket) |> range(start: 0)"
            " |> filter(fn: (r) => r.asset == asset and r._field == field)"
        )
        found = site.server.query(flux, bucket="telemetry_1m", asset=asset, field=channel)
        said = {table.labels["statistic"]: table for table in found}
        told_of = said["count"].value > 0
        assert said["count"].at[told_of].tolist() == expected.at.tolist()
        assert said["count"].value[told_of].tolist() == expected.count[:, 0].tolist()
        for statistic, part in (("mean", "mean"), ("min", "low"), ("max", "high")):
            column = getattr(expected, part)[:, 0].tolist()
            assert said[statistic].value.tolist() == pytest.approx(column)
    history.close()


def test_a_token_for_buckets_that_were_made_anew_is_made_anew_too(site: Site) -> None:
    folder = site.configured()
    site.setup(folder)
    gone, held = site.bucket("telemetry"), site.token.read_text()
    site.server.call(lambda c: c.buckets_api().delete_bucket(gone))
    again = {row["what"].split(" in ")[0]: row["how"] for row in site.setup(folder)}
    assert (again["bucket telemetry"], again["token"]) == ("made", "changed")
    assert site.token.read_text() != held
    assert stat.S_IMODE(site.token.stat().st_mode) == 0o600
    mine = InfluxServer(site.place())
    assert mine.write("telemetry", b"m,asset=p1 v=1 %d\n" % system_clock()) == (1, [])
    mine.close()
    assert {row["how"] for row in site.setup(folder)} == {"already there"}


def test_a_file_that_holds_something_else_is_not_written_over(site: Site) -> None:
    setup = InfluxSetup(site.server)
    list(setup.buckets(dict.fromkeys(BUCKETS, 0)))
    site.token.write_text("precious")
    with pytest.raises(Refused, match="move it away, or name another file with --out"):
        setup.token(BUCKETS, site.token)
    assert site.token.read_text() == "precious"


def test_an_organisation_that_is_not_there_is_named_with_those_that_are(site: Site) -> None:
    server = InfluxServer(replace(site.server.place, org="nobody"))
    with pytest.raises(Refused, match=f"no organisation 'nobody'; known: .*{site.org}"):
        InfluxSetup(server)
    server.close()


def test_an_operators_token_is_not_taken_in_clear(site: Site) -> None:
    done = millwright("storage", "setup", "-c", site.configured(), "--token", "in-clear")
    assert (done.returncode, done.stdout) == (3, "")
    assert "--token: a secret is written as env:NAME or file:PATH" in done.stderr


def test_without_an_influxdb_it_says_what_to_write(tmp_path: Path) -> None:
    folder = folders.write(tmp_path / "plant")
    done = millwright("storage", "setup", "-c", folder, "--token", "env:PATH")
    assert done.returncode == 3
    assert "in service.yaml set history: {kind: influxdb, url: http://HOST:8086" in done.stderr


def test_the_doctor_names_a_bucket_that_may_not_be_written_and_one_that_forgets(
    site: Site,
) -> None:
    setup = InfluxSetup(site.server)
    list(setup.buckets(dict.fromkeys(BUCKETS, 30 * DAY)))
    setup.token(("telemetry", "telemetry_1m"), site.token)
    found = {line.what: line for line in influx(load(site.configured(keep="400d")))}
    assert found["bucket telemetry"].verdict == "warning"
    assert "keeps 30d, but 400d are wanted" in found["bucket telemetry"].found
    assert found["bucket condition"].verdict == "fault"
    assert "storage setup" in found["bucket condition"].mend


def test_the_doctor_names_an_influxdb_that_does_not_answer(site: Site) -> None:
    site.token.touch(0o600)
    site.token.write_text("x")
    [line] = influx(load(site.configured(url="http://127.0.0.1:9")))
    assert (line.verdict, line.what) == ("fault", "influxdb")
    assert "no connection" in line.found
