"""A version goes into service at one entry of the journal, and nothing else moves."""

from __future__ import annotations

import io
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from core.alert import Change
from core.clock import DAY, MINUTE, SECOND
from core.errors import Refused
from core.journal import Lesson, Revision
from core.model_version import ModelChange, Verb
from core.plant import AssetClass, NamedDetector
from core.readings import Readings
from models.mewma import LearnSettings, MewmaSettings
from service.adoption import signatures, taken
from service.fleet import Fleet
from service.model_body import pack, unpack
from service.model_book import BROKEN, LOST, book_of
from tests.bench import P1, P2, Bench
from tests.plants import CHANNELS, plant
from tests.unit.service.test_lesson import learned, learning_class, past, share, taught

PLACE = "models/site/hall/p1/0002.npz"


@pytest.fixture
def bench() -> Bench:
    return Bench(plant(2, learning_class()))


def fleet(bench: Bench) -> Fleet:
    return bench.scoring._casework.fleets["pump"]


@cache
def model(vibration: float = 2.0, seed: int = 7) -> bytes:
    """What a pump comes to that learned elsewhere."""
    other = Bench(plant(1, learning_class()))
    return taken(fleet(taught(other, past(vibration=vibration, seed=seed))), 0)


def change(
    bench: Bench,
    body: bytes,
    version: int = 2,
    verb: Verb = Verb.PROMOTE,
    key: str = "k",
    replaces: int = 0,
    made_for: dict[str, str] | None = None,
) -> Revision:
    made_for = signatures(fleet(bench)) if made_for is None else made_for
    given = ModelChange(key, P1, version, verb, "Ayesha", PLACE, made_for, body, replaces)
    return Revision("model", "digest", "", given)


def told(bench: Bench, *args: object, **given: object) -> str:
    revision = change(bench, *args, **given)  # type: ignore[arg-type]
    bench.tell(revision)
    assert revision.model is not None
    return bench.words(revision.model.id)


def test_a_promoted_version_judges_from_the_next_reading_on(bench: Bench) -> None:
    assert told(bench, model()) == f"yes: version 2 of {P1} is in service"
    assert (share(bench, 0), share(bench, 1) < 1) == (1.0, True)
    for _ in range(30):
        bench.passes(10 * SECOND).says(P1, vibration=3.2)
    assert [alert.asset for _, alert in bench.steps()] == [P1]


def test_the_state_in_service_is_that_of_the_version_bit_for_bit(bench: Bench) -> None:
    body = model()
    taught(bench, past(asset=P2))
    before = learned(bench, 1)
    told(bench, body)
    assert unpack(taken(fleet(bench), 0))["pattern"].keys() == unpack(body)["pattern"].keys()
    assert taken(fleet(bench), 0) == body
    assert learned(bench, 1) == before


def test_what_sensors_are_checked_by_comes_with_it_but_not_over_a_standing_fault(
    bench: Bench,
) -> None:
    check = fleet(bench).crosscheck
    assert check is not None
    body = model()
    told(bench, body)
    assert check.readiness().tolist() == [1.0, 0.0]
    check.faults[0, 1, 0] = True
    told(bench, body, key="again")
    assert check.faults[0, 1, 0]


def test_no_version_is_promoted_while_a_case_stands_on_the_machine(bench: Bench) -> None:
    taught(bench, past())
    bench.says(P1, vibration=5.0)
    before = learned(bench.scored())
    assert told(bench, model(4.0)).startswith(f"no: a case stands on {P1}")
    assert learned(bench) == before


def test_going_back_is_possible_also_while_a_case_stands(bench: Bench) -> None:
    told(bench, model(), replaces=1)
    bench.says(P1, vibration=5.0).scored()
    assert told(bench, model(), 1, Verb.ROLLBACK, "b").startswith("yes: version 1")
    assert Change.ENDED not in bench.changes()


def test_each_version_that_was_replaced_can_be_gone_back_to(bench: Bench) -> None:
    def before() -> list[int]:
        return bench.scoring._casework.models.book.serving[P1].before

    told(bench, model(), 2, replaces=1, key="a")
    told(bench, model(), 4, replaces=3, key="b")
    assert before() == [1, 3]
    told(bench, model(), 3, Verb.ROLLBACK, "c")
    assert before() == [1]
    told(bench, model(), 1, Verb.ROLLBACK, "d")
    assert before() == []


def test_a_change_that_is_sent_twice_is_made_once(bench: Bench) -> None:
    told(bench, model(), replaces=1)
    told(bench, model(), replaces=1)
    assert bench.scoring._casework.models.book.serving[P1].before == [1]


def npz(**arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)  # type: ignore[arg-type]
    return file.getvalue()


BAD = {
    "empty": b"",
    "no npz": b"PK\x03\x04 and nothing else",
    "cut short": b"",
    "objects": npz(**{"pattern/learned": np.array([{}], object)}),
    "no asset": npz(**{"pattern/learned": np.zeros(3)}),
    "nothing": npz(),
    "another shape": pack({"pattern": {"centre": np.zeros((1, 99))}}),
    "another detector": pack({"zones": {"last": np.zeros((1, 3))}}),
}


@pytest.mark.parametrize("name", BAD)
def test_what_does_not_load_leaves_the_last_one_working_and_is_a_case(
    bench: Bench, name: str
) -> None:
    taught(bench, past())
    before = learned(bench)
    body = model()[:-40] if name == "cut short" else BAD[name]
    assert told(bench, body).startswith(f"no: {PLACE}: ")
    assert learned(bench) == before
    case = bench.case(BROKEN)
    assert (case.asset, case.state.is_open) == (P1, True)
    assert PLACE in case.summary
    assert f"millwright models learn --asset {P1}" in case.summary
    told(bench, model(), key="mended")
    assert not bench.case(BROKEN).active


def test_objects_are_never_unpickled(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return print, ("executed",)

    told(bench, npz(**{"pattern/learned": np.array([Evil()], object)}))
    assert "executed" not in capsys.readouterr().out


def test_a_file_that_cannot_be_read_is_told_by_the_journal_too(bench: Bench) -> None:
    broken = ModelChange("k", P1, 2, Verb.BROKEN, "relearn", PLACE, words=f"{PLACE}: damaged")
    bench.tell(Revision("model", "", "", broken))
    assert bench.words("k") == f"no: {PLACE}: damaged"
    assert bench.case(BROKEN).summary.startswith(f"{PLACE}: damaged. The model in service goes on")


def test_one_made_for_other_settings_is_refused(bench: Bench) -> None:
    words = told(bench, model(), made_for={"pattern": "other"})
    assert "made for other settings" in words
    assert share(bench) < 1


def test_a_state_of_an_older_layout_opens_where_what_it_lacks_has_a_default(bench: Bench) -> None:
    states = unpack(model())
    del states["pattern"]["lessons_ended"], states["pattern"]["lessons_began"]
    assert told(bench, pack(states)).startswith("yes")
    assert share(bench) == 1


@pytest.mark.parametrize("body", [b"{", b'{"broken": {"a": "\xff"}}', b'{"serving": 3}'])
def test_a_damaged_book_is_refused_in_words(body: bytes) -> None:
    with pytest.raises(Refused, match="book of models in the checkpoint is damaged"):
        book_of({"models": body})


def test_after_work_no_version_is_in_service(bench: Bench) -> None:
    from core.work import Work, WorkEvent

    told(bench, model(), replaces=1)
    bench.tell(WorkEvent(P1, bench.now, Work.REPLACED, "Bilal", id="w"))
    bench.scored()
    assert P1 not in bench.scoring._casework.models.book.serving


@pytest.mark.parametrize("every", [1, 7])
def test_the_same_journal_gives_the_same_alerts_over_a_promotion(every: int) -> None:
    def story(bench: Bench) -> Bench:
        bench.tell(Lesson(Readings.of("pump", CHANNELS, past(150), bench.now)))
        for number in range(60):
            if number == 20:
                bench.tell(change(bench, model(2.4, seed=3), replaces=1, key="a"))
            if number == 25:
                bench.tell(change(bench, b"broken", 3, key="b"))
            if number == 45:
                bench.tell(change(bench, model(), 1, Verb.ROLLBACK, "c"))
            bench.passes(10 * SECOND).says(P1, vibration=2 + number / 30)
        return bench

    whole = story(Bench(plant(2, learning_class()))).scored()
    cut = story(Bench(plant(2, learning_class())))
    while cut.scoring.step(every):
        cut.restart()
    assert learned(cut) == learned(whole)
    assert cut.casefile.events(0) == whole.casefile.events(0)
    assert cut.casefile.load().checkpoint == whole.casefile.load().checkpoint
    assert whole.changes() != []


def settled(asset_class: AssetClass, smoothing: float) -> AssetClass:
    learn = LearnSettings(rows=120, min_rows=60, span=30 * DAY)
    other = NamedDetector("pattern", MewmaSettings(learn=learn, smoothing=smoothing))
    return replace(asset_class, detectors=(asset_class.detectors[0], other))


def test_what_no_longer_fits_after_a_change_is_a_case_until_it_is_learned_again(
    bench: Bench,
) -> None:
    taught(bench, past() + past(asset=P2))
    bench.restart(plant(2, settled(learning_class(), 0.5)))
    bench.tell(Revision("configuration", "new"))
    assert bench.case(LOST + "pump").active
    assert bench.scoring._casework.models.book.lost == {"pump": [P1, P2]}
    bench.restart(plant(2, settled(learning_class(), 0.5))).scored()
    bench.tell(Lesson(Readings.of("pump", CHANNELS, past(200), bench.now)))
    bench.tell(Lesson(Readings.of("pump", CHANNELS, past(200, asset=P2), bench.now)))
    bench.ticks(1).scored()
    assert not bench.case(LOST + "pump").active
    assert bench.scoring._casework.models.book.lost == {}


def test_a_checkpoint_that_does_not_open_costs_that_detector_only(bench: Bench) -> None:
    taught(bench, past())
    kept = bench.casefile.load().checkpoint
    (name,) = [one for one in kept if one.endswith("detector.pattern/centre")]
    bench.casefile._checkpoint[name] = b"torn"
    bench.restart()
    bench.tell(Revision("configuration", "same"))
    bench.passes(MINUTE).says(P1, vibration=5.0)
    assert bench.changes() == [Change.OPENED]
    assert share(bench) < 1
    assert bench.case(LOST + "pump").active
